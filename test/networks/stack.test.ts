/** What a compose file would say, with the real programs of Debian: nginx before a Python program before PostgreSQL, found by their names. */
import { beforeAll, expect } from 'bun:test';
import { join } from 'node:path';
import { eventually, patience } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { debianStack, makeDebianStack } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
beforeAll(makeDebianStack, patience(900_000));

const files = join(import.meta.dir, 'stack');
const image = 'debian:stack';
const database = [
  '/usr/lib/postgresql/15/bin/postgres',
  ...['-D', '/var/lib/postgresql/15/main'],
  ...['config_file=/etc/postgresql/15/main/postgresql.conf', 'hba_file=/stack/pg_hba.conf'].flatMap(
    (setting) => ['-c', setting],
  ),
  ...['listen_addresses=*', 'unix_socket_directories=/tmp', 'ssl=off', 'fsync=off'].flatMap((setting) => [
    '-c',
    setting,
  ]),
];

const run = (engine: TestEngine, name: string, flags: string[], program: string[]) =>
  engine.ok('docker', 'run', '-d', '--name', name, '-v', `${files}:/stack:ro`, ...flags, image, ...program);

/** From beyond the engine's host. */
async function ask(engine: TestEngine, port: number, path: string, note?: string): Promise<string> {
  const url = `http://${engine.network.addresses.inside}:${port}${path}`;
  const response = await fetch(url, note === undefined ? {} : { method: 'POST', body: note });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text;
}

const answers = (engine: TestEngine, port: number, path = '/') =>
  eventually(() => ask(engine, port, path), `port ${port} answers`, 60_000);

const addressOf = (engine: TestEngine, name: string, network: string) =>
  engine.ok('docker', 'inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);

/** Somebody else takes its address meanwhile. */
async function comesBackElsewhere(
  engine: TestEngine,
  name: string,
  network: string,
  usurp: string[],
): Promise<void> {
  const before = await addressOf(engine, name, network);
  await engine.ok('docker', 'stop', '-t', '2', name);
  await engine.ok('docker', 'run', '-d', '--network', network, ...usurp, 'busybox', 'sleep', '3600');
  await engine.ok('docker', 'start', name);
  expect(await addressOf(engine, name, network)).not.toBe(before);
}

once(
  'on a network of the user: by name, also when the others come back with other addresses',
  async (engine) => {
    await debianStack(engine);
    await engine.ok('docker', 'network', 'create', '--subnet', '10.214.9.0/24', 'stack');
    const on = ['--network', 'stack'];
    await run(engine, 'web', [...on, '-p', '8080:80'], ['nginx', '-c', '/stack/nginx-asking.conf']);
    await run(engine, 'store', [...on, '--network-alias', 'db', '--user', 'postgres'], database);
    await run(engine, 'app', on, ['python3', '/stack/app.py']);
    expect(await answers(engine, 8080)).toBe('[]');
    await ask(engine, 8080, '/', 'first');
    for (const name of ['store', 'app']) {
      const usurp = ['--ip', await addressOf(engine, name, 'stack')];
      await comesBackElsewhere(engine, name, 'stack', usurp);
      expect(await answers(engine, 8080)).toStartWith('["first"');
      await ask(engine, 8080, '/', `after ${name}`);
    }
    expect(await ask(engine, 8080, '/')).toBe('["first", "after store", "after app"]');
    const left = (await engine.ok('docker', 'ps', '-aq')).split('\n');
    await engine.ok('docker', 'rm', '-f', ...left);
    await engine.ok('docker', 'network', 'rm', 'stack');
  },
);

once('by --link on the default bridge: variables and /etc/hosts', async (engine) => {
  await debianStack(engine);
  const env = ['-e', 'FLAVOUR=plain'];
  await run(engine, 'store', ['--expose', '5432', '--user', 'postgres', ...env], database);
  await run(engine, 'app', ['--link', 'store:db'], ['python3', '/stack/app.py']);
  await run(engine, 'web', ['--link', 'app', '-p', '8080:80'], ['nginx', '-c', '/stack/nginx-once.conf']);
  const address = await addressOf(engine, 'store', 'bridge');
  const variables = (await engine.ok('docker', 'exec', 'app', 'env')).split('\n');
  expect(variables).toEqual(
    expect.arrayContaining([
      'DB_NAME=/app/db',
      `DB_PORT=tcp://${address}:5432`,
      `DB_PORT_5432_TCP=tcp://${address}:5432`,
      `DB_PORT_5432_TCP_ADDR=${address}`,
      'DB_PORT_5432_TCP_PORT=5432',
      'DB_PORT_5432_TCP_PROTO=tcp',
      'DB_ENV_FLAVOUR=plain',
    ]),
  );
  expect(await engine.ok('docker', 'exec', 'app', 'cat', '/etc/hosts')).toMatch(
    new RegExp(`^${address}\\s+db [0-9a-f]{12} store$`, 'm'),
  );
  expect(await answers(engine, 8080, '/by-address')).toBe('[]');
  await ask(engine, 8080, '/', 'first');
  await comesBackElsewhere(engine, 'store', 'bridge', []);
  expect(await answers(engine, 8080)).toBe('["first"]');
});
