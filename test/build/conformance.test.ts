/**
 * What Dockerfiles mean: each folder of conformance/ is built on gantry and, with ENGINE=docker, on Docker's classic builder.
 * All that is in it but these two is the context: `expected.json` (see Case), and `base.Dockerfile`, which is built first, as
 * `conformance-<name>-base`. CONFORMANCE='^copy' takes the cases whose name matches alone.
 */
import { expect } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, succeed } from '../rig/command.ts';
import { type Cli, isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

interface Expectation {
  /** The build fails, and says this; without it, it succeeds. */
  error?: string;
  /** What it exits with when it fails, where that is certain. */
  code?: number | Record<Cli, number>;
  /** Of the image's config, each key as a whole; null, absent and an empty list are the same. */
  config?: Record<string, unknown>;
  author?: string;
  /** All that RUN printed, line by line. */
  output?: string[];
  /** All files there are: "uid:gid mode path", then " -> target" of a link, " = path" of a further name of the same file. */
  files?: string[];
  contents?: Record<string, string>;
}

interface Case extends Expectation {
  /** Where `files` are looked for; /out unless said. */
  under?: string;
  /** More for the command line; $CONTEXT is the directory of the context. */
  args?: string[];
  /** Unknown to Docker's classic builder. */
  since?: 'buildkit';
  /** The only command line that can ask for this. */
  cli?: Cli;
  /** What gantry does instead: the case is expected to fail there. */
  broken?: string;
  /** What Docker's classic builder does instead. */
  docker?: Expectation & { why: string };
}

const folder = join(import.meta.dir, 'conformance');
const { each } = suite();

const wanted = new RegExp(process.env.CONFORMANCE ?? '');
const names = readdirSync(folder).filter((name) => wanted.test(name));
for (const name of names.sort()) {
  const given = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as Case;
  each(
    name,
    async (cli, engine) => {
      if (given.cli !== undefined && given.cli !== cli) return;
      const conforming = conform(cli, engine, name, isGantry ? given : onReference(name, given));
      if (isGantry && given.broken !== undefined) await expect(conforming).rejects.toThrow();
      else await conforming;
    },
    given.since && 'BuildKit only',
  );
}

function onReference(name: string, given: Case): Case {
  if (given.docker === undefined) return given;
  console.log(`differs: ${name}: ${given.docker.why}`);
  return { ...given, ...given.docker };
}

async function conform(cli: Cli, engine: TestEngine, name: string, expected: Case): Promise<void> {
  const context = await contextOf(engine, name);
  const tag = `conformance-${name}`;
  const base = join(folder, name, 'base.Dockerfile');
  if (existsSync(base)) {
    const argv = engine.argv(cli, ['build', '-q', '-t', `${tag}-base`, '-']);
    await succeed(argv, { stdin: readFileSync(base), env: classic });
  }
  const args = (expected.args ?? []).map((arg) => arg.replace('$CONTEXT', context));
  const result = await engine.run(cli, ['build', '--no-cache', '-t', tag, ...args, context], {
    env: classic,
  });
  rmSync(context, { recursive: true });
  const printed = `${result.stdout}${result.stderr}`;
  if (expected.error !== undefined) {
    expect(printed).toContain(expected.error);
    const code = typeof expected.code === 'object' ? expected.code[cli] : expected.code;
    expect(result.code).toBe(code ?? (result.code || 1));
    return;
  }
  expect([result.code, result.code === 0 ? '' : printed]).toEqual([0, '']);
  if (expected.output) expect(outputOf(cli, result)).toEqual(expected.output);
  await compareImage(engine, tag, expected);
}

const classic = { DOCKER_BUILDKIT: '0', DOCKER_CONFIG: '/nonexistent' };

/** A copy whose modes do not depend on how this repository was checked out. */
async function contextOf(engine: TestEngine, name: string): Promise<string> {
  const context = mkdtempSync(join(engine.directory, 'context-'));
  await succeed(['cp', '-R', '--no-dereference', `${join(folder, name)}/.`, context]);
  await succeed(['chmod', '-R', 'u=rwX,go=rX', context]);
  for (const file of ['expected.json', 'base.Dockerfile']) rmSync(join(context, file), { force: true });
  return context;
}

/** Of what the builders print, what comes from RUN. */
function outputOf(cli: Cli, { stdout, stderr }: Result): string[] {
  if (cli === 'gantry')
    return stderr.split('\n').flatMap((line) => /^#\d+ \d+\.\d+ ?(.*)$/.exec(line)?.slice(1) ?? []);
  const told =
    /^(Sending build context|Step \d+\/\d+ : | ---> |Removing intermediate|# Executing |\[Warning\] |Successfully )/;
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => !told.test(line));
}

async function compareImage(engine: TestEngine, tag: string, expected: Case): Promise<void> {
  const image = (await (await engine.api(`/images/${tag}/json`)).json()) as {
    Author: string;
    Config: Record<string, unknown>;
  };
  for (const [key, value] of Object.entries(expected.config ?? {}))
    expect([key, settingOf(image.Config, key, value)]).toEqual([key, value]);
  if (expected.author !== undefined) expect(image.Author).toBe(expected.author);
  if (expected.files === undefined) return;
  const archive = join(engine.directory, 'image.tar');
  const id = await engine.ok('docker', 'create', tag, 'nothing');
  await engine.ok('docker', 'export', '-o', archive, id);
  await engine.ok('docker', 'rm', '-v', id);
  const under = expected.under ?? '/out';
  const listed = await succeed(['tar', '--numeric-owner', '--quoting-style=literal', '-tvf', archive]);
  const files = listed.split('\n').flatMap((line) => describe(line) ?? []);
  expect(
    files.filter(({ path }) => path === under || path.startsWith(`${under}/`)).map(({ text }) => text),
  ).toEqual(expected.files);
  for (const [path, content] of Object.entries(expected.contents ?? {}))
    expect([path, await succeed(['tar', '-xOf', archive, path.slice(1)])]).toEqual([path, content]);
}

/** null when it is absent or an empty list. A PATH, which every image may have, counts only where one is expected. */
function settingOf(config: Record<string, unknown>, key: string, expected: unknown): unknown {
  const value = config[key] ?? null;
  if (!Array.isArray(value)) return value;
  const hasPath = JSON.stringify(expected).includes('"PATH=');
  const counted = value.filter((item) => key !== 'Env' || hasPath || !String(item).startsWith('PATH='));
  return counted.length === 0 ? null : counted;
}

/** A line of `tar -tv`: "-rw-r--r-- 0/0  12 2026-01-01 00:00 out/f". */
function describe(line: string): { path: string; text: string } | null {
  const [, kind, permissions, uid, gid, rest] = /^(.)(.{9}) (\d+)\/(\d+) +\S+ \S+ \S+ (.*)$/.exec(line) ?? [];
  if (kind === undefined || permissions === undefined || rest === undefined) return null;
  const [, name = '', target = ''] =
    (kind === 'l' ? /^(.*?)( -> .*)$/ : kind === 'h' ? /^(.*?) link to (.*)$/ : /^(.*?)\/?$/).exec(rest) ??
    [];
  const path = `/${name}`;
  const suffix = kind === 'h' ? ` = /${target}` : target;
  return { path, text: `${uid}:${gid} ${modeOf(permissions)} ${path}${suffix}` };
}

/** "rwsr-xr-t" is 5755. */
function modeOf(permissions: string): string {
  const special = [2, 5, 8].map((index) => (/[st]/i.test(permissions[index] ?? '') ? 1 : 0));
  const plain = [...permissions].map((letter) => (/[rwxst]/.test(letter) ? 1 : 0));
  return Number.parseInt([...special, ...plain].join(''), 2).toString(8);
}
