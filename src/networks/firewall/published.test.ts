import { expect, test } from 'bun:test';
import { parseCidr } from './addresses.ts';
import { elements, type Forwarding, publishScript, tableScript, withdrawScript } from './ruleset.ts';

const forward = (hostPort: number, containerPort: number, more: Partial<Forwarding> = {}): Forwarding => ({
  hostIp: '0.0.0.0',
  hostPort,
  containerPort,
  protocol: 'tcp',
  address: '172.17.0.2',
  ...more,
});

test('a port is one element, by address or for all', () => {
  expect(
    publishScript('br0', [forward(8080, 80), forward(53, 53, { hostIp: '127.0.0.1', protocol: 'udp' })]),
  ).toBe(
    'add element ip gantry-br0 published { 127.0.0.1 . udp . 53 : 172.17.0.2 . 53 }\n' +
      'add element ip gantry-br0 published_any { tcp . 8080 : 172.17.0.2 . 80 }',
  );
  expect(withdrawScript('br0', [forward(8080, 80)])).toBe(
    'delete element ip gantry-br0 published_any { tcp . 8080 }',
  );
});

test('a range that keeps its ports is one interval', () => {
  const range = Array.from({ length: 1000 }, (_, i) => forward(8000 + i, 8000 + i));
  expect(elements(range)).toEqual([
    { map: 'ranges', key: '0.0.0.0/0 . tcp . 8000-8999', value: '172.17.0.2' },
  ]);
  expect(
    elements([forward(1, 1), forward(2, 2), forward(4, 4), forward(5, 6)]).map(({ map }) => map),
  ).toEqual(['ranges', 'published_any', 'published_any']);
  expect(elements([forward(1, 1), forward(2, 2, { address: '172.17.0.3' })])).toHaveLength(2);
});

test('the table is made anew in one script', () => {
  const subnet = parseCidr('172.17.0.1/16')?.subnet;
  if (!subnet) throw new Error('no subnet');
  const script = tableScript({ bridge: 'br0', subnet, icc: true, masquerade: true }, [forward(8080, 80)]);
  expect(script.indexOf('delete table ip gantry-br0')).toBeLessThan(script.indexOf('map published'));
  expect(script).toContain('iifname != "br0" ip daddr 172.17.0.0/16 fib daddr type != local drop');
  expect(script).toContain('iifname "br0" oifname "br0" accept');
  expect(script).toContain('tcp . 8080 : 172.17.0.2 . 80');
  expect(tableScript({ bridge: 'br0', subnet, icc: false, masquerade: false }, [])).toContain(
    'iifname "br0" oifname "br0" drop',
  );
});
