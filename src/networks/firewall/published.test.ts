import { expect, test } from 'bun:test';
import { elementScript, elementsOf, type Forwarding } from './published.ts';

const forward = (hostPort: number, containerPort: number, more: Partial<Forwarding> = {}): Forwarding => ({
  hostIp: '0.0.0.0',
  hostPort,
  containerPort,
  protocol: 'tcp',
  address: '172.17.0.2',
  routed: false,
  ...more,
});
const v6 = { hostIp: '::', address: 'fd00::2' };

test('a port is one element, by address or for all, in its family', () => {
  const list = [
    forward(8080, 80),
    forward(8080, 80, v6),
    forward(53, 53, { hostIp: '127.0.0.1', protocol: 'udp' }),
  ];
  expect(elementScript('add', 't', elementsOf(list))).toBe(
    'add element inet t anywhere4 { tcp . 8080 : 172.17.0.2 . 80 }\n' +
      'add element inet t anywhere6 { tcp . 8080 : fd00::2 . 80 }\n' +
      'add element inet t published4 { 127.0.0.1 . udp . 53 : 172.17.0.2 . 53 }',
  );
  expect(elementScript('delete', 't', elementsOf([forward(8080, 80)]))).toBe(
    'delete element inet t anywhere4 { tcp . 8080 }',
  );
});

test('a range that keeps its ports is one interval', () => {
  const range = Array.from({ length: 1000 }, (_, i) => forward(8000 + i, 8000 + i));
  expect(elementsOf(range)).toEqual([
    { of: 'ranges4', key: '0.0.0.0/0 . tcp . 8000-8999', value: '172.17.0.2' },
  ]);
  expect(
    elementsOf([forward(1, 1), forward(2, 2), forward(4, 4), forward(5, 6)]).map((element) => element.of),
  ).toEqual(['ranges4', 'anywhere4', 'anywhere4']);
  expect(elementsOf([forward(1, 1), forward(2, 2, { address: '172.17.0.3' })])).toHaveLength(2);
  expect(elementsOf([forward(1, 1, v6), forward(2, 2, v6)])[0]?.key).toBe('::/0 . tcp . 1-2');
});

test("on a routed network the container's own ports are opened", () => {
  const routed = { routed: true };
  expect(elementsOf([forward(0, 80, routed), forward(0, 81, routed), forward(0, 90, routed)])).toEqual([
    { of: 'open4', key: '172.17.0.2 . tcp . 80-81', value: null },
    { of: 'open4', key: '172.17.0.2 . tcp . 90', value: null },
  ]);
});
