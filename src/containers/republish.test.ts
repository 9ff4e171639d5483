import { expect, test } from 'bun:test';
import type { PublishedPort } from '../networks/model.ts';
import { withoutRemoved } from './republish.ts';

const published = (hostPort: number, containerPort = 80): PublishedPort => ({
  hostIp: '0.0.0.0',
  hostPort,
  containerPort,
  protocol: 'tcp',
});
const bindings = (...hostPorts: string[]) => ({
  '80/tcp': hostPorts.map((hostPort) => ({ hostIp: '', hostPort })),
});
const removal = (hostPort: string, hostIp = '') => ({ port: '80/tcp', hostIp, hostPort }) as const;

test('by host port, by range, or all of a container port', () => {
  const ports = [published(8080), published(8081)];
  expect(withoutRemoved(bindings('8080', '8081'), ports, [removal('8080')])).toEqual(bindings('8081'));
  expect(withoutRemoved(bindings('8080', '8081'), ports, [removal('8080-8089')])).toEqual({});
  expect(withoutRemoved(bindings('8080', '8081'), ports, [removal('')])).toEqual({});
});

test('what the engine chose is meant by what it chose', () => {
  expect(withoutRemoved(bindings(''), [published(50000)], [removal('50000')])).toEqual({});
  expect(withoutRemoved(bindings('8000-8010'), [published(8003)], [removal('8003')])).toEqual({});
  expect(withoutRemoved(bindings('8000-8010'), [published(8003)], [removal('8000-8010')])).toEqual({});
});

test('what is not published cannot be withdrawn', () => {
  expect(() => withoutRemoved(bindings('8080'), [published(8080)], [removal('9090')])).toThrow(
    'port 9090:80/tcp is not published',
  );
  expect(() => withoutRemoved(bindings(''), [published(50000)], [removal('50001')])).toThrow('not published');
  expect(() => withoutRemoved({}, [], [removal('')])).toThrow('port 80/tcp is not published');
});
