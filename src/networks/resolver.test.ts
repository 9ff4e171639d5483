import { expect, test } from 'bun:test';
import { forContainer, hostResolver, parseResolver } from './resolver.ts';

test('resolv.conf is read', () => {
  const text =
    '# c\nnameserver 10.0.0.2 ; x\nnameserver ::1\nsearch a b\nsearch corp.example\noptions ndots:1\noptions edns0\n';
  expect(parseResolver(text)).toEqual({
    nameservers: ['10.0.0.2', '::1'],
    search: ['corp.example'],
    options: ['ndots:1', 'edns0'],
  });
});

test('loopback and IPv6 servers are not for containers', () => {
  const of = (...nameservers: string[]) => forContainer({ nameservers, search: [], options: [] }).nameservers;
  expect(of('127.0.0.1', '10.0.0.2', '::1', 'fd00::53')).toEqual(['10.0.0.2']);
  expect(of('127.0.0.53')).toEqual(['8.8.8.8', '8.8.4.4']);
});

test("systemd-resolved's stub leads to its real servers", () => {
  const files: Record<string, string> = {
    '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
    '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\n',
  };
  const read = (path: string) => (files[path] === undefined ? null : parseResolver(files[path]));
  expect(hostResolver(read).nameservers).toEqual(['192.0.2.53']);
  delete files['/run/systemd/resolve/resolv.conf'];
  expect(hostResolver(read).nameservers).toEqual(['127.0.0.53']);
});
