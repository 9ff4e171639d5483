/** Ports that somebody has: known before the container starts, and nothing is left of the attempt. */
import { expect } from 'bun:test';
import { sleeper } from '../networks/inside.ts';
import { Place } from '../networks/place.ts';
import { refusal } from '../networks/refusal.ts';
import { type Cli, isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

/** What `run -p …` says when it must not run; the container stays, and was never started. */
async function refuses(engine: TestEngine, cli: Cli, ...specs: string[]): Promise<string> {
  const ports = specs.flatMap((spec) => ['-p', spec]);
  const text = await refusal(engine, cli, ['run', '--name', 'late', ...ports, 'busybox', 'true'], 125);
  const format = '{{.State.Status}} {{.State.StartedAt}} {{json .NetworkSettings.Ports}}';
  expect(await engine.ok(cli, 'inspect', '-f', format, 'late')).toMatch(
    /^created 0001-01-01T00:00:00Z (\{\}|null)/,
  );
  await engine.ok(cli, 'rm', 'late');
  return text;
}

const failed = (text: string) =>
  new RegExp(`driver failed programming external connectivity on endpoint late \\([0-9a-f]{64}\\): ${text}`);
const allocated = (place: string) => failed(`Bind for ${place} failed: port is already allocated`);

each('by another container', async (cli, engine) => {
  await sleeper(engine, cli, 'first', '-p', '8200:80', '-p', '127.0.0.1:8201:80');
  expect(await refuses(engine, cli, '8200:80')).toMatch(allocated('0.0.0.0:8200'));
  expect(await refuses(engine, cli, '8300:80', '8301:80', '8200:81')).toMatch(allocated('0.0.0.0:8200'));
  expect(await refuses(engine, cli, '127.0.0.1:8201:80')).toMatch(allocated('127.0.0.1:8201'));
  // On another address of the host, by another protocol, or by another container's failure, nothing is taken.
  await sleeper(
    engine,
    cli,
    'second',
    '-p',
    '127.0.0.2:8201:80',
    '-p',
    '8200:80/udp',
    '-p',
    '8300-8301:80-81',
  );
  const overlapping = await refuses(engine, cli, '127.0.0.1:8200:80');
  expect(overlapping).toMatch(isGantry ? allocated('127.0.0.1:8200') : /address already in use/);
  await engine.ok(cli, 'stop', '-t', '0', 'first');
  await sleeper(engine, cli, 'third', '-p', '8200:80');
  expect(await refusal(engine, cli, ['start', 'first'])).toContain('port is already allocated');
  await engine.ok(cli, 'rm', '-f', 'third');
  await engine.ok(cli, 'start', 'first');
  await engine.ok(cli, 'rm', '-f', 'first', 'second');
});

each('twice by the container itself', async (cli, engine) => {
  expect(await refuses(engine, cli, '8200:80', '8200:81')).toMatch(allocated('0.0.0.0:8200'));
  await engine.ok(
    cli,
    'run',
    '--rm',
    '-p',
    '8200:80',
    '-p',
    '8200:80/udp',
    '-p',
    '8201:80',
    'busybox',
    'true',
  );
});

async function takesTheNext(engine: TestEngine, cli: Cli): Promise<void> {
  await sleeper(engine, cli, 'beside', '-p', '8200-8202:80', '-p', '127.0.0.2:8201:81');
  expect(await engine.ok(cli, 'port', 'beside', '80')).toBe('0.0.0.0:8202');
  await engine.ok(cli, 'rm', '-f', 'beside');
}

each('by a process of the host', async (cli, engine) => {
  {
    await using host = Place.at(engine.network);
    await host.serve('tcp', 8200, '0.0.0.0');
    await host.serve('tcp', 8201, '127.0.0.1');
    expect(await refuses(engine, cli, '8200:80')).toMatch(failed('.*8200.*address already in use'));
    expect(await refuses(engine, cli, '8201:80')).toMatch(failed('.*8201.*address already in use'));
    // Docker 20.10 tries the first of a range only.
    if (isGantry) await takesTheNext(engine, cli);
  }
  await engine.ok(cli, 'run', '--rm', '-p', '8200:80', '-p', '8201:80', 'busybox', 'true');
});

each('by a process of the host that listens for datagrams', async (cli, engine) => {
  await using host = Place.at(engine.network);
  await host.serve('udp', 8200, '0.0.0.0');
  expect(await refuses(engine, cli, '8200:80/udp')).toMatch(failed('.*8200.*address already in use'));
  await engine.ok(cli, 'run', '--rm', '-p', '8200:80', 'busybox', 'true');
});

each('an address that the host has not', async (cli, engine) =>
  expect(await refuses(engine, cli, '192.0.2.77:8200:80')).toMatch(
    failed('.*192.0.2.77:8200.*cannot assign requested address'),
  ),
);

each('the port is the container’s: a process of the host cannot have it', async (cli, engine) => {
  await sleeper(engine, cli, 'first', '-p', '8200:80', '-p', '8200:80/udp');
  await using host = Place.at(engine.network);
  for (const protocol of ['tcp', 'udp'] as const)
    expect(await host.serve(protocol, 8200, '0.0.0.0').catch(String)).toMatch(/EADDRINUSE|Failed to listen/);
  await engine.ok(cli, 'rm', '-f', 'first');
  for (const protocol of ['tcp', 'udp'] as const) await host.serve(protocol, 8200, '0.0.0.0');
});
