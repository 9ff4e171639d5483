import { describe, expect, test } from 'bun:test';
import type { Exchange } from './exchange.ts';
import { foreignTls, isOwnHost, redirected } from './redirects.ts';

const url = (text: string) => new URL(text);
const exchange: Exchange = {
  method: 'GET',
  url: url('https://registry.example/v2/a'),
  headers: {
    Authorization: 'Basic eDp5',
    'X-Key': 'secret',
    Accept: 'a/b',
    Range: 'bytes=5-',
    'If-Range': '"x"',
  },
  signal: new AbortController().signal,
};

describe('a redirect', () => {
  test('keeps what says who we are on the same host', () => {
    for (const to of ['https://registry.example/other', 'https://registry.example:443/other'])
      expect(redirected(exchange, url(to)).headers).toEqual(exchange.headers);
  });

  test('drops it for another host, another port, and plain HTTP (CVE-2020-15157)', () => {
    for (const to of [
      'https://other.example/',
      'https://sub.registry.example/',
      'https://registry.example.evil.test/',
      'https://registry.example:8443/',
      'http://registry.example/',
      'http://registry.example:443/',
    ])
      expect(redirected(exchange, url(to)).headers).toEqual({
        Accept: 'a/b',
        Range: 'bytes=5-',
        'If-Range': '"x"',
      });
  });

  test('does not bring it back, nor take credentials from a URL', () => {
    const away = redirected(exchange, url('https://user:pass@other.example/'));
    expect(away.url.href).toBe('https://other.example/');
    expect(redirected(away, exchange.url).headers).not.toHaveProperty('Authorization');
  });

  test('from HTTP to HTTPS is no loss', () => {
    expect(isOwnHost(url('http://h:5000/'), url('https://h:5000/'))).toBe(true);
    expect(isOwnHost(url('https://h:5000/'), url('http://h:5000/'))).toBe(false);
  });

  test('takes the authority along, but neither client certificate nor the leave not to verify', () => {
    const tls = { verify: false, ca: ['CA'], client: { cert: 'C', key: 'K' } };
    const insecure = (host: string) => host === 'insecure.example';
    expect(foreignTls({ tls, insecure }, url('https://other.example'))).toEqual({
      verify: true,
      ca: ['CA'],
      client: null,
    });
    expect(foreignTls({ tls, insecure }, url('https://insecure.example')).verify).toBe(false);
  });
});
