import { expect, test } from 'bun:test';
import { domainOfAddress, hostOfAddress, splitTerm } from './registry-host.ts';

test.each([
  ['reg.example', 'reg.example'],
  ['reg.example:5000/a/b', 'reg.example:5000'],
  ['https://reg.example:5000/v1/', 'reg.example:5000'],
  ['http://[::1]:5000', '[::1]:5000'],
  ['localhost', 'localhost'],
])('the host of %s is %s', (address, host) => expect(hostOfAddress(address)).toBe(host));

test.each(['', 'docker.io', 'index.docker.io', 'https://index.docker.io/v1/'])(
  '%p is Docker Hub',
  (address) => expect(domainOfAddress(address)).toBe('docker.io'),
);

test.each([
  ['busybox', 'docker.io'],
  ['user/app', 'docker.io'],
  ['a.b', 'docker.io'],
  ['reg.example/app', 'reg.example'],
  ['localhost/app', 'localhost'],
  ['host:5000/app', 'host:5000'],
])('a search for %s asks %s', (term, domain) => expect(splitTerm(term).domain).toBe(domain));

test('terms of a search', () => {
  expect(splitTerm('library/redis')).toEqual({ domain: 'docker.io', term: 'redis' });
  expect(splitTerm('user/redis')).toEqual({ domain: 'docker.io', term: 'user/redis' });
  expect(splitTerm('localhost:5000/redis')).toEqual({ domain: 'localhost:5000', term: 'redis' });
  expect(splitTerm('registry.example/')).toEqual({ domain: 'registry.example', term: '' });
});
