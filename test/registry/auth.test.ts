import { describe, expect, test } from 'bun:test';
import { messageOf } from '../../src/lib/errors.ts';
import type { Credentials } from '../../src/registry/client/model.ts';
import {
  anonymous,
  collect,
  digestOf,
  manifestOf,
  never,
  pushImage,
  randomBlob,
  registries,
} from './content.ts';
import { startRegistry } from './rig.ts';
import { TokenServer } from './token-server.ts';

const username = 'alice';
const password = 'correct horse:battery ünïcode';
const alice: Credentials = { kind: 'basic', username, password };
const mallory: Credentials = { kind: 'basic', username, password: 'wrong-password' };
const identity = (token: string): Credentials => ({ kind: 'identity', token });

/** What it throws, as a sentence and its kind; fails when it does not throw. */
async function failure(promise: Promise<unknown>): Promise<{ kind: string; message: string }> {
  const error = await promise.then(
    () => Promise.reject(new Error('it worked')),
    (thrown: unknown) => thrown,
  );
  const { kind } = error as { kind: string };
  return { kind, message: messageOf(error) };
}

describe('Basic', () => {
  test('the right password works, the wrong one and none do not, and none is ever printed', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', username, password } });
    const client = registries();
    const name = { domain: registry.host, path: 'private' };
    const { manifest } = await pushImage(client, name, alice);
    const asked = (credentials: Credentials) =>
      client.repository(name, { credentials, actions: 'pull' }).manifest('latest', never);
    expect((await asked(alice)).digest).toBe(manifest.digest);
    expect(await failure(asked(anonymous))).toEqual({
      kind: 'unauthorized',
      message: `Get "http://${registry.host}/v2/private/manifests/latest": no basic auth credentials`,
    });
    expect(await failure(asked(mallory))).toEqual({
      kind: 'unauthorized',
      message: 'unauthorized: authentication required',
    });
  });

  test('login', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', username, password } });
    const client = registries();
    for (const address of [registry.host, registry.url, `${registry.url}/v2/`])
      expect(await client.login(address, alice, never)).toEqual({
        status: 'Login Succeeded',
        identityToken: '',
      });
    expect(await failure(client.login(registry.host, mallory, never))).toEqual({
      kind: 'unauthorized',
      message: `login attempt to ${registry.url}/v2/ failed with status: 401 Unauthorized`,
    });
  });
});

describe('Bearer', () => {
  test('one token for each set of scopes, nothing more than needed, and again for others', async () => {
    await using server = await TokenServer.start({ username, password });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const client = registries();
    const name = { domain: registry.host, path: 'team/app' };
    const { manifest, layer } = await pushImage(client, name, alice);
    expect(server.queries.map(({ scopes }) => scopes)).toEqual([['repository:team/app:pull,push']]);
    const repository = client.repository(name, { credentials: alice, actions: 'pull' });
    expect((await repository.manifest('latest', never)).digest).toBe(manifest.digest);
    const { chunks } = await repository.blob(layer.digest, { offset: 0, size: layer.size, signal: never });
    expect(digestOf(await collect(chunks))).toBe(layer.digest);
    expect(server.queries.slice(1).map(({ scopes }) => scopes)).toEqual([['repository:team/app:pull']]);
    expect(server.queries.every(({ user, method }) => user === username && method === 'GET')).toBe(true);
  });

  test('side by side, requests wait for the same token', async () => {
    await using server = await TokenServer.start({ username, password, open: ['open'] });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const client = registries();
    const name = { domain: registry.host, path: 'open' };
    const { layer } = await pushImage(client, name, alice);
    server.queries.length = 0;
    const repository = client.repository(name, { credentials: anonymous, actions: 'pull' });
    const many = Array.from({ length: 20 }, () => repository.hasBlob(layer.digest, never));
    expect(await Promise.all(many)).toEqual(many.map(() => true));
    expect(server.queries).toHaveLength(1);
    expect(server.queries[0]?.user).toBeNull();
  });

  test('a token that has expired at the registry is replaced', async () => {
    await using server = await TokenServer.start({ username, password, lifetime: -3600 });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const name = { domain: registry.host, path: 'late' };
    const client = registries();
    const repository = client.repository(name, { credentials: alice, actions: 'pull' });
    const asked = () => repository.resolve('latest', never);
    expect((await failure(asked())).kind).toBe('unauthorized');
    server.lifetime = 300;
    expect(await asked()).toBeNull();
    // Once for the first challenge, once for the refusal of the token that the client had kept.
    expect(server.queries).toHaveLength(2);
  });

  test('without the right: Docker’s words', async () => {
    await using server = await TokenServer.start({ username, password });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const name = { domain: registry.host, path: 'closed' };
    const client = registries();
    const asked = (credentials: Credentials) =>
      client.repository(name, { credentials, actions: 'pull' }).manifest('latest', never);
    expect((await failure(asked(anonymous))).message).toStartWith(
      'denied: requested access to the resource is denied',
    );
    expect(await failure(asked(mallory))).toEqual({
      kind: 'unauthorized',
      message: `Get "${registry.url}/v2/closed/manifests/latest": unauthorized: incorrect username or password`,
    });
  });

  test('login gives an identity token, which works in place of the password', async () => {
    await using server = await TokenServer.start({ username, password });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const client = registries();
    const { status, identityToken } = await client.login(registry.host, alice, never);
    expect(status).toBe('Login Succeeded');
    expect(identityToken).toBe(server.refreshToken);
    await pushImage(client, { domain: registry.host, path: 'mine' }, identity(identityToken));
    expect(server.queries.at(-1)).toMatchObject({ method: 'POST', grant: 'refresh_token', user: username });
    expect((await failure(client.login(registry.host, mallory, never))).message).toBe(
      `Get "${registry.url}/v2/": unauthorized: incorrect username or password`,
    );
    const stale = await failure(client.login(registry.host, identity('no-longer-valid'), never));
    expect(stale.kind).toBe('unauthorized');
    expect(stale.message).not.toContain('no-longer-valid');
  });

  test('a server that refuses GET is asked by POST', async () => {
    await using server = await TokenServer.start({ username, password, refuseGet: 405 });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    await pushImage(registries(), { domain: registry.host, path: 'posted' }, alice);
    expect(server.queries.map(({ method, grant }) => method + grant)).toEqual(['GET', 'POSTpassword']);
  });

  test('the password does not go to a token server over plain HTTP, unless that host is insecure anyway', async () => {
    await using server = await TokenServer.start({ username, password, hostname: 'tokens.example' });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const name = { domain: registry.host, path: 'x' };
    const repository = registries().repository(name, { credentials: alice, actions: 'pull' });
    const { kind, message } = await failure(repository.resolve('latest', never));
    expect(kind).toBe('unauthorized');
    expect(message).toContain('refusing to send credentials to http://tokens.example:');
    expect(server.queries).toEqual([]);
  });

  test('a blob is mounted from another repository of the same registry', async () => {
    await using server = await TokenServer.start({ username, password });
    await using registry = await startRegistry({ auth: { kind: 'token', server } });
    const client = registries();
    const { layer } = await pushImage(client, { domain: registry.host, path: 'base' }, alice);
    const target = client.repository(
      { domain: registry.host, path: 'derived' },
      { credentials: alice, actions: 'push' },
    );
    const options = { mountFrom: ['nowhere', 'base'], signal: never, progress: () => undefined };
    expect(
      await target.pushBlob(
        {
          ...layer,
          open: () => {
            throw new Error('sent');
          },
        },
        options,
      ),
    ).toBe('mounted');
    expect(server.queries.at(-1)?.scopes).toEqual(['repository:base:pull', 'repository:derived:pull,push']);
    const other = randomBlob(1000);
    expect(await target.pushBlob(other, options)).toBe('uploaded');
    await target.pushManifest('1', manifestOf(other, layer), never);
  });
});
