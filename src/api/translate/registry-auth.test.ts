import { describe, expect, test } from 'bun:test';
import { credentialsFor, decodeRegistryAuth, registryAuthOf } from './registry-auth.ts';

const encode = (value: unknown, encoding: 'base64' | 'base64url' = 'base64') =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(encoding);
const anonymous = { credentials: { kind: 'anonymous' }, domain: null } as const;

describe('X-Registry-Auth', () => {
  test.each([
    ['absent', ''],
    ['blank', ' '],
    ['{}', encode({})],
    ['not base64', '***'],
    ['not JSON', encode('hello')],
    ['cut short', encode('{"username":"u","pass')],
    ['a list', encode([])],
    ['a field of the wrong type', encode({ username: 7 })],
    ['auth without a colon', encode({ auth: encode('user') })],
    ['auth without a user', encode({ auth: encode(':secret') })],
  ])('%s: no credentials', (_, header) => expect(decodeRegistryAuth(header)).toEqual(anonymous));

  const password = 'pä:ss>>>???';
  const basic = { kind: 'basic', username: 'u', password } as const;
  test.each([
    ['base64 with padding', encode({ username: 'u', password })],
    ['base64url, as Docker sends it', `${encode({ username: 'u', password }, 'base64url')}==`],
    ['base64url without padding', encode({ username: 'u', password }, 'base64url')],
    ['auth', encode({ auth: encode(`u:${password}`) })],
  ])('%s', (_, header) => expect(decodeRegistryAuth(header).credentials).toEqual(basic));

  test('tokens go before passwords', () => {
    const given = { username: 'u', password: 'p', identitytoken: 'i' };
    expect(registryAuthOf(given).credentials).toEqual({ kind: 'identity', token: 'i' });
    expect(registryAuthOf({ ...given, registrytoken: 'r' }).credentials).toEqual({
      kind: 'bearer',
      token: 'r',
    });
  });

  test.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['https://reg.example:5000/v2/', 'reg.example:5000'],
    ['localhost:5000', 'localhost:5000'],
  ])('%s is the registry %s', (serveraddress, domain) =>
    expect(registryAuthOf({ serveraddress }).domain).toBe(domain),
  );

  test('credentials of another registry are not sent', () => {
    const auth = registryAuthOf({ username: 'u', password: 'p', serveraddress: 'reg.example' });
    expect(credentialsFor('reg.example', auth)).toEqual(auth.credentials);
    expect(credentialsFor('docker.io', auth)).toEqual({ kind: 'anonymous' });
    const unnamed = registryAuthOf({ username: 'u', password: 'p' });
    expect(credentialsFor('reg.example', unnamed)).toEqual(unnamed.credentials);
  });

  test('an error says nothing of what was in the field', () => {
    expect(() => registryAuthOf({ password: ['secret'] })).toThrow(
      'invalid JSON: json: cannot unmarshal array into Go struct field AuthConfig.password of type string',
    );
  });
});
