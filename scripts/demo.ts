/**
 * `npm start`: the main job, shown. A daemon with roots of its own builds up the built-in image, runs it, publishes its page,
 * and everything is gone again at the end. Each command is printed as one would type it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const gantry = join(import.meta.dir, '../bin/gantry');
const directory = mkdtempSync(join(tmpdir(), 'gantry-demo-'));
const host = `unix://${directory}/gantry.sock`;

function say(text: string): void {
  console.log(`\x1b[1m${text}\x1b[0m`);
}

/** Runs one gantry command in the open; its output is the user's to see, and returned as well. */
async function show(...args: string[]): Promise<string> {
  say(`\n$ gantry ${args.join(' ')}`);
  const child = Bun.spawn([gantry, '-H', host, ...args], { stdout: 'pipe', stderr: 'inherit' });
  const output = await new Response(child.stdout).text();
  process.stdout.write(output);
  const code = await child.exited;
  if (code !== 0) throw new Error(`gantry ${args[0]} left with ${code}`);
  return output.trim();
}

async function startDaemon(): Promise<Bun.Subprocess> {
  const roots = [
    '--data-root',
    `${directory}/data`,
    '--exec-root',
    `${directory}/exec`,
    '--pidfile',
    `${directory}/pid`,
  ];
  const log = Bun.file(`${directory}/daemon.log`);
  const daemon = Bun.spawn([gantry, 'daemon', '--host', host, '--bridge', 'gantry-demo', ...roots], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: log,
  });
  for (const end = Date.now() + 10_000; Date.now() < end; await Bun.sleep(10)) {
    try {
      if ((await fetch('http://gantry/_ping', { unix: `${directory}/gantry.sock` })).ok) return daemon;
    } catch {
      if (daemon.exitCode !== null) break;
    }
  }
  throw new Error(`the daemon did not start:\n${await log.text()}`);
}

async function tour(): Promise<void> {
  await show('run', '--rm', 'gantry/hello');
  await show('images');
  const id = await show('run', '-d', '--name', 'web', '-p', '127.0.0.1::80', 'gantry/hello', 'serve');
  const address = (await show('port', 'web', '80')).split('\n')[0];
  say(`\n$ curl http://${address}/`);
  const page = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5000) });
  console.log((await page.text()).trim());
  if (!page.ok) throw new Error(`the page answered ${page.status}`);
  await show('ps');
  await show('logs', 'web');
  await show('stop', 'web');
  await show('rm', 'web');
  if ((await show('ps', '-aq')) !== '') throw new Error(`${id} is still there`);
  await show('rmi', 'gantry/hello');
}

const started = performance.now();
let daemon: Bun.Subprocess | undefined;
try {
  daemon = await startDaemon();
  await tour();
  say(
    `\nAll of that took ${((performance.now() - started) / 1000).toFixed(1)} s, and nothing of it is left.`,
  );
  say('Next: bin/gantry run --rm gantry/hello, bin/gantry --help, README.md');
} finally {
  daemon?.kill();
  await daemon?.exited;
  rmSync(directory, { recursive: true, force: true });
}
