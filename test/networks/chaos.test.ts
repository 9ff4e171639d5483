/**
 * kill -9 of the daemon at many moments of what it does to networks, while two connections go on that must not notice: one
 * between containers, one from outside by a published port. GANTRY_CHAOS_ROUNDS=500 kills that often, each step at moments
 * spread over its whole duration; GANTRY_CHAOS_SEED repeats the moments of a run. Docker's containers lose ports with their daemon.
 */
import { expect, test } from 'bun:test';
import { patience } from '../rig/command.ts';
import { isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { leftovers } from '../rig/leftovers.ts';
import { Call, echoServer } from './call.ts';
import { answer, duration, isDone, killedAfter, killedWhileStarting, randomOf, type Step } from './killed.ts';
import { inKernel, recorded } from './ledger.ts';

const rounds = Number(process.env.GANTRY_CHAOS_ROUNDS ?? 22);
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

async function scene(engine: TestEngine): Promise<{ host: string; port: number }> {
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
  return { host: '10.213.7.2', port: 7 };
}

/** The moments of one step: one in each of `count` equal parts of a little more than its duration. */
const moments = (count: number, whole: number, random: () => number) =>
  Array.from({ length: count }, (_, part) => ((part + random()) / count) * whole * 1.2);

/** One kill, or two in a row. `starting`: milliseconds from the second daemon's start to its end. */
interface Blow {
  step: Step;
  delay: number;
  starting: number | null;
}

async function attack(engine: TestEngine, { step, delay, starting }: Blow, calls: Call[]): Promise<void> {
  const first = await killedAfter(engine, step, delay);
  for (const call of calls) await call.advances();
  if (starting !== null) await killedWhileStarting(engine, starting);
  await engine.startDaemon();
  expect(await inKernel(engine)).toEqual(await recorded(engine));
  expect(await (await engine.api('/networks/repair', { method: 'POST' })).json()).toEqual({ Repaired: [] });
  const again = await answer(engine, step);
  if (first !== null) expect(first).toMatch(/^2/);
  if (first !== null || !isDone(again)) expect(again).toMatch(step.already);
  expect(await answer(engine, step)).toMatch(step.already);
  expect(await inKernel(engine)).toEqual(await recorded(engine));
}

/** Every step in turn, again and again; after every third kill another. */
async function plan(engine: TestEngine): Promise<Blow[]> {
  const random = randomOf(seed);
  const turns = Math.ceil(rounds / steps.length);
  const delays = new Map<Step, number[]>();
  for (const step of steps) delays.set(step, moments(turns, await duration(engine, step), random));
  const startup = await timeToStart(engine);
  return Array.from({ length: turns }, (_, turn) =>
    steps.map((step, index) => ({
      step,
      delay: delays.get(step)?.[turn] ?? 0,
      starting: (turn + index) % 3 === 0 ? random() * startup : null,
    })),
  ).flat();
}

async function timeToStart(engine: TestEngine): Promise<number> {
  await engine.stopDaemon('SIGKILL');
  const before = performance.now();
  await engine.startDaemon();
  return performance.now() - before;
}

async function chaos(engine: TestEngine): Promise<void> {
  const server = await scene(engine);
  using within = await Call.within(engine, 'main', server);
  using outside = await Call.outside(engine, 7000);
  const calls = [within, outside];
  for (const [round, blow] of (await plan(engine)).entries()) {
    const { step, delay, starting } = blow;
    const when = `${delay.toFixed(2)} ms of ${step.name}${starting === null ? '' : ` and ${starting.toFixed(0)} ms of the next start`}`;
    try {
      await attack(engine, blow, calls);
    } catch (error) {
      throw new Error(`kill ${round} after ${when}, GANTRY_CHAOS_SEED=${seed}`, { cause: error });
    }
  }
  for (const call of calls) {
    expect(await call.retransmissions()).toBe(0);
    const { code, sent, echoes } = await call.hangUp();
    expect(code).toBe('0');
    expect(echoes).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
  }
  await nothingIsHeld(engine);
}

/** Every address of the small network can be had, and every port that any of them ever had. */
async function nothingIsHeld(engine: TestEngine): Promise<void> {
  const ids = (await engine.ok('docker', 'ps', '-aq')).split('\n');
  await engine.ok('docker', 'rm', '-f', ...ids);
  const ports = ['7000-7001', '7100-7109', '8001', '8100-8119', '8181-8189'];
  const flags = ports.flatMap((range) => ['-p', `${range}:${range}`]);
  const run = (...more: string[]) =>
    engine.run('docker', ['run', '-d', '--network', 'main', ...more, 'busybox', 'sleep', '3600']);
  expect((await run(...flags)).stderr).toBe('');
  for (let used = 1; used < 13; used++) expect((await run()).stderr).toBe('');
  expect((await run()).stderr).toContain('no available IPv4 addresses');
}

if (!isGantry) test('differs: chaos: live-restore is off by default in Docker', () => {});
else
  test(
    `${rounds} kills: connections go on, records and kernel agree, nothing is lost or left`,
    async () => {
      await using engine = await TestEngine.start();
      await chaos(engine);
      expect(await leftovers(engine)).toEqual([]);
    },
    patience(60_000 + rounds * 5000),
  );
