import { expect, test } from 'bun:test';
import { defaultLink, parseRoutes } from './routes.ts';

const text = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	010200C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`;

test('/proc/net/route is read', () => {
  const routes = parseRoutes(text);
  expect(routes[2]).toEqual({ link: 'docker0', destination: 0xac110000, prefix: 16, gateway: 0, metric: 0 });
  expect(routes[0]?.gateway).toBe(0xc0000201);
  expect(defaultLink(routes)).toBe('eth0');
  expect(defaultLink([])).toBeNull();
});
