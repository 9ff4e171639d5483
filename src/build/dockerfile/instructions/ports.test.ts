import { expect, test } from 'bun:test';
import { exposedPorts } from './ports.ts';

test('ports, ranges and protocols', () => {
  expect(exposedPorts(['80', '81/udp', '7-9/sctp', '5-5']).ports).toEqual([
    '80/tcp',
    '81/udp',
    '7/sctp',
    '8/sctp',
    '9/sctp',
    '5/tcp',
  ]);
});

test('what is odd is told of', () => {
  expect(exposedPorts(['80/TCP', '1.2.3.4:81:82', '83:84', '[::1]:85:86'])).toEqual({
    ports: ['80/tcp', '82/tcp', '84/tcp', '86/tcp'],
    oddCasing: ['80/TCP'],
    oddFormat: ['1.2.3.4:81:82', '83:84', '[::1]:85:86'],
  });
});

test('refusals', () => {
  const cases: Record<string, string> = {
    a: 'invalid containerPort: a',
    '65536': 'invalid containerPort: 65536',
    '9-8': 'invalid containerPort: 9-8',
    '1-2-3': 'invalid containerPort: 1-2-3',
    '80/foo': 'invalid port: "80/foo": invalid proto: foo',
    '/tcp': 'invalid port: "/tcp": no port specified',
    'x:80': 'invalid hostPort: x',
    '1-3:80-81': 'invalid ranges specified for container and host Ports: 80-81 and 1-3',
  };
  for (const [text, message] of Object.entries(cases)) expect(() => exposedPorts([text])).toThrow(message);
});

test('a line cannot name every port thousands of times', () => {
  expect(exposedPorts(['0-65535', '0-65535/udp', '0-65535/sctp']).ports).toHaveLength(3 * 65536);
  expect(() => exposedPorts(Array(5000).fill('0-65535'))).toThrow('too many ports');
});

test('what is no address', () => {
  expect(() => exposedPorts(['abc:80:90'])).toThrow('invalid IP address: abc');
  expect(exposedPorts(['127.0.0.1:80:90', '[::1]:80:91']).ports).toEqual(['90/tcp', '91/tcp']);
});
