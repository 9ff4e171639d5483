/**
 * Three hundred containers on one network: all are reached, by address and by name, and none leaves a trace. Not all by all:
 * the kernel remembers at most gc_thresh3 neighbours (1024), of all network namespaces together, whoever the engine is.
 */
import { expect } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';
import { inKernel, recorded } from './ledger.ts';

const { once } = suite();
const tooSlow = 'three hundred containers take it minutes';
const names = Array.from({ length: 300 }, (_, index) => `c${String(index).padStart(3, '0')}`);
const tens = Array.from({ length: 30 }, (_, index) => names.slice(index * 10, index * 10 + 10));

/** Four at a time. */
async function inTurn<T>(list: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = list.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function addresses(engine: TestEngine): Promise<Map<string, string>> {
  const format = '{{range .Containers}}{{.Name}} {{.IPv4Address}}\n{{end}}';
  const text = await engine.ok('docker', 'network', 'inspect', '-f', format, 'crowd');
  const lines = text.split('\n').filter(Boolean);
  return new Map(lines.map((line) => /^(\S+) ([^/]+)/.exec(line)?.slice(1) as [string, string]));
}

const inside = (engine: TestEngine, name: string, script: string) =>
  engine.ok('docker', 'exec', name, 'sh', '-c', script);

const descriptors = (engine: TestEngine) => readdirSync(`/proc/${engine.daemonPid}/fd`).length;

/** MiB. */
function resident(engine: TestEngine): number {
  const status = readFileSync(`/proc/${engine.daemonPid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** Descriptors of a daemon that has not done anything. */
let before = 0;
/** MiB of a daemon that has done all this; without it, it has 72. */
const bound = 160;

async function start(engine: TestEngine, name: string): Promise<void> {
  const wish = { Image: 'busybox', Cmd: ['sleep', '3600'], HostConfig: { NetworkMode: 'crowd' } };
  const post = (path: string, body: unknown) =>
    engine.api(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  expect((await post(`/containers/create?name=${name}`, wish)).status).toBe(201);
  expect((await post(`/containers/${name}/start`, {})).status).toBe(204);
}

once(
  'a network for five hundred',
  async (engine) => {
    before = descriptors(engine);
    await engine.ok('docker', 'network', 'create', '--subnet', '10.215.0.0/23', 'crowd');
  },
  tooSlow,
);

for (const count of [100, 200, 300])
  once(
    `${count} have started`,
    async (engine) => {
      await inTurn(names.slice(count - 100, count), (name) => start(engine, name));
      const known = await addresses(engine);
      expect([...known.keys()].sort()).toEqual(names.slice(0, count));
      expect(new Set(known.values()).size).toBe(count);
    },
    tooSlow,
  );

once(
  'each is reached by its address',
  async (engine) => {
    const targets = [...(await addresses(engine)).values()].join(' ');
    const script = `for a in ${targets}; do ping -qc1 -W5 $a >/dev/null || echo $a; done`;
    expect(await inside(engine, 'c000', script)).toBe('');
  },
  tooSlow,
);

for (const [index, caller] of ['c000', 'c150', 'c299'].entries())
  once(
    `${caller} knows a third of them by their names`,
    async (engine) => {
      const known = await addresses(engine);
      const third = names.filter((_, i) => i % 3 === index);
      const answer = "nslookup $n 127.0.0.11 | sed -n 's/^Address: //p'";
      const text = await inside(engine, caller, `for n in ${third.join(' ')}; do echo $n $(${answer}); done`);
      expect(text.split('\n')).toEqual(third.map((name) => `${name} ${known.get(name)}`));
    },
    tooSlow,
  );

once(
  'records and kernel agree',
  async (engine) => expect(await inKernel(engine)).toEqual(await recorded(engine)),
  tooSlow,
);

once(
  'they stop and leave nothing',
  async (engine) => {
    await inTurn(tens, (ten) => engine.ok('docker', 'stop', '-t', '0', ...ten));
    expect((await addresses(engine)).size).toBe(0);
    expect(await inKernel(engine)).toEqual(await recorded(engine));
    await inTurn(tens, (ten) => engine.ok('docker', 'rm', ...ten));
    await engine.ok('docker', 'network', 'rm', 'crowd');
    // Some sockets are opened when they are first needed, and kept.
    await eventually(() => descriptors(engine) < before + 10, 'the daemon holds no more than before');
    expect(resident(engine)).toBeLessThan(bound);
  },
  tooSlow,
);
