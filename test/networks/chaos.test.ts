/**
 * kill -9 of the daemon at many moments of what it does to networks, while two connections go on that must not notice: one
 * between containers, one from outside by a published port. GANTRY_CHAOS_ROUNDS=500 kills that often, each step at moments
 * spread over its whole duration; GANTRY_CHAOS_SEED repeats the moments of a run. Docker's containers lose ports with their daemon.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { patience } from '../rig/command.ts';
import { isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { leftovers } from '../rig/leftovers.ts';
import { Call, echoServer } from './call.ts';
import { answer, duration, isDone, killedAfter, killedWhileStarting, randomOf, type Step } from './killed.ts';
import { inKernel, recorded } from './ledger.ts';

const rounds = Number(process.env.GANTRY_CHAOS_ROUNDS ?? 20);
const seed = Number(process.env.GANTRY_CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));

const ports = (list: [number, string][]) =>
  Object.fromEntries(list.map(([port, host]) => [`${port}/tcp`, [{ HostPort: host }]]));

/** Each undoes what the one before did. `early` comes before `main` by name, so it takes over the default route and the ports. */
const steps: Step[] = [
  {
    name: 'connect of the server',
    path: '/networks/more/connect',
    body: { Container: 'server' },
    already: /already exists in network more/,
  },
  {
    name: 'disconnect of the server',
    path: '/networks/more/disconnect',
    body: { Container: 'server' },
    already: /is not connected to network more/,
  },
  {
    name: 'connect to the new way out',
    path: '/networks/early/connect',
    body: { Container: 'other' },
    already: /already exists in network early/,
  },
  {
    name: 'disconnect from the way out',
    path: '/networks/early/disconnect',
    body: { Container: 'other' },
    already: /is not connected to network early/,
  },
  { name: 'start', path: '/containers/third/start', already: /^304 / },
  { name: 'stop', path: '/containers/third/stop?t=0', already: /^304 / },
  {
    name: 'publish',
    path: '/containers/other/update',
    body: {
      PublishAdd: ports([
        [81, '8181'],
        [82, '8182-8189'],
      ]),
    },
    already: /port is already allocated/,
  },
  {
    name: 'withdraw',
    path: '/containers/other/update',
    body: { PublishRemove: [{ Port: '81/tcp' }, { Port: '82/tcp' }] },
    already: /is not published/,
  },
  {
    name: 'network create',
    path: '/networks/create',
    body: { Name: 'brief', Driver: 'bridge' },
    already: /^409 .*network with name brief already exists/,
  },
  { name: 'network rm', path: '/networks/brief', method: 'DELETE', already: /^404 / },
];

/** A network that leaks of addresses would soon fill. */
const small = ['--subnet', '10.213.7.0/28', '--ipv6', '--subnet', 'fd5a:7c3e:91b2::/64'];

async function setScene(engine: TestEngine): Promise<void> {
  const run = (name: string, ...flags: string[]) =>
    engine.ok('docker', 'run', '-d', '--name', name, '--network', 'main', ...flags);
  await busybox(engine);
  await engine.ok('docker', 'network', 'create', ...small, 'main');
  await engine.ok('docker', 'network', 'create', 'more');
  await engine.ok('docker', 'network', 'create', 'early');
  await run('server', '-p', '7000:7', 'busybox', ...echoServer(7));
  await run('other', '-p', '7001:7', '-p', '7100-7109:7100-7109', 'busybox', ...echoServer(7));
  const third = ['--name', 'third', '--network', 'main', '-p', '8001:80', '-p', '8100-8119:8100-8119'];
  await engine.ok('docker', 'create', ...third, 'busybox', 'sleep', '3600');
}

/** One kill, or two in a row, at fractions of how long the step and the next daemon's start take. */
interface Blow {
  step: Step;
  at: number;
  starting: number | null;
}

/** Every step in turn, again and again, each time a little later; with every third kill another one. */
function plan(): Blow[] {
  const random = randomOf(seed);
  const turns = Math.ceil(rounds / steps.length);
  return Array.from({ length: turns }, (_, turn) =>
    steps.map((step, index) => ({
      step,
      at: ((turn + random()) / turns) * 1.2,
      starting: (turn + index) % 3 === 0 ? random() : null,
    })),
  ).flat();
}

/** Milliseconds. */
interface Durations {
  steps: Map<Step, number>;
  start: number;
}

async function measure(engine: TestEngine): Promise<Durations> {
  const list = new Map<Step, number>();
  for (const step of steps) list.set(step, await duration(engine, step));
  await engine.stopDaemon('SIGKILL');
  const before = performance.now();
  await engine.startDaemon();
  return { steps: list, start: performance.now() - before };
}

let engine: TestEngine;
let calls: Call[] = [];
let durations: Durations;

async function attack({ step, at, starting }: Blow): Promise<void> {
  const first = await killedAfter(engine, step, at * (durations.steps.get(step) ?? 0));
  for (const call of calls) await call.advances();
  if (starting !== null) await killedWhileStarting(engine, starting * durations.start);
  await engine.startDaemon();
  expect(await inKernel(engine)).toEqual(await recorded(engine));
  expect(await (await engine.api('/networks/repair', { method: 'POST' })).json()).toEqual({ Repaired: [] });
  const again = await answer(engine, step);
  if (first !== null) expect(first).toMatch(/^2/);
  if (first !== null || !isDone(again)) expect(again).toMatch(step.already);
  expect(await answer(engine, step)).toMatch(step.already);
  expect(await inKernel(engine)).toEqual(await recorded(engine));
}

const percent = (part: number) => `${(part * 100).toFixed(0)} %`;

if (!isGantry) test('differs: chaos: live-restore is off by default in Docker', () => {});
else {
  console.log(`GANTRY_CHAOS_SEED=${seed}`);

  beforeAll(async () => {
    engine = await TestEngine.start();
    await setScene(engine);
    calls = [
      await Call.within(engine, 'main', { host: '10.213.7.2', port: 7 }),
      await Call.outside(engine, 7000),
    ];
    durations = await measure(engine);
  }, patience(120_000));

  afterAll(async () => {
    for (const call of calls) call[Symbol.dispose]();
    await engine?.[Symbol.asyncDispose]();
  }, patience(120_000));

  for (const blow of plan()) {
    const { step, at, starting } = blow;
    const also = starting === null ? '' : `, and ${percent(starting)} into the next start`;
    test(`killed ${percent(at)} into ${step.name}${also}`, () => attack(blow), patience(120_000));
  }

  test('the connections lost nothing, and no segment was sent twice', async () => {
    for (const call of calls) {
      expect(await call.retransmissions()).toBe(0);
      const { code, sent, echoes } = await call.hangUp();
      expect(code).toBe('0');
      expect(echoes).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
    }
  });

  test(
    'every address of the small network can be had, and every port that any of them ever had',
    async () => {
      const ids = (await engine.ok('docker', 'ps', '-aq')).split('\n');
      await engine.ok('docker', 'rm', '-f', ...ids);
      const ports = ['7000-7001', '7100-7109', '8001', '8100-8119', '8181-8189'];
      const flags = ports.flatMap((range) => ['-p', `${range}:${range}`]);
      const run = (...more: string[]) =>
        engine.run('docker', ['run', '-d', '--network', 'main', ...more, 'busybox', 'sleep', '3600']);
      expect((await run(...flags)).stderr).toBe('');
      for (let used = 1; used < 13; used++) expect((await run()).stderr).toBe('');
      expect((await run()).stderr).toContain('no available IPv4 addresses');
      expect(await leftovers(engine)).toEqual([]);
    },
    patience(120_000),
  );
}
