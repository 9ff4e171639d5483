/** A real database on a volume: it outlives its containers, goes through an archive, and survives what kills without asking. */
import { beforeAll, expect } from 'bun:test';
import { eventually, patience } from '../rig/command.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { debianStack, makeDebianStack } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
beforeAll(makeDebianStack, patience(900_000));

const server = [
  '/usr/lib/postgresql/15/bin/postgres',
  ...['-D', '/var/lib/postgresql/15/main'],
  ...['-c', 'config_file=/etc/postgresql/15/main/postgresql.conf'],
  ...['-c', 'unix_socket_directories=/tmp', '-c', 'ssl=off', '-c', 'external_pid_file='],
];

/** The image has an empty cluster where the volume comes, so that the volume begins with it. */
async function start(engine: TestEngine, volume: string): Promise<string> {
  const mount = ['-v', `${volume}:/var/lib/postgresql`, '--user', 'postgres'];
  const id = await engine.ok('docker', 'run', '-d', ...mount, 'debian:stack', ...server);
  await eventually(
    () => query(engine, id, 'SELECT 1').then((answer) => answer === '1'),
    'the database answers',
    60_000,
  );
  return id;
}

const query = (engine: TestEngine, id: string, sql: string) =>
  engine.ok('docker', 'exec', id, 'psql', '-h', '/tmp', '-v', 'ON_ERROR_STOP=1', '-tAqc', sql);

const rows = (engine: TestEngine, id: string) => query(engine, id, 'SELECT count(*), sum(n) FROM facts');

const wrote = 'CREATE TABLE facts AS SELECT n FROM generate_series(1, 50000) AS n';
const written = '50000|1250025000';

once('rows are there for the next container on the volume', async (engine) => {
  await debianStack(engine);
  const first = await start(engine, 'database');
  await query(engine, first, wrote);
  await engine.ok('docker', 'rm', '-f', first);
  const second = await start(engine, 'database');
  expect(await rows(engine, second)).toBe(written);
  await engine.ok('docker', 'stop', second);
  await engine.ok('docker', 'rm', second);
  await engine.ok('docker', 'volume', 'rm', 'database');
});

once('rows go through export and import, a copy and a snapshot', async (engine) => {
  if (!isGantry) return;
  await debianStack(engine);
  const first = await start(engine, 'source');
  await query(engine, first, wrote);
  await engine.ok('docker', 'stop', first);
  const pipe = `${engine.argv('gantry', ['volume', 'export', 'source']).join(' ')} | ${engine.argv('gantry', ['volume', 'import', 'imported']).join(' ')}`;
  expect(Bun.spawnSync(['sh', '-c', pipe]).exitCode).toBe(0);
  await engine.ok('gantry', 'volume', 'cp', 'source', 'copied');
  await engine.ok('gantry', 'volume', 'snapshot', 'source', 'whole');
  await engine.ok('docker', 'start', first);
  await eventually(
    () => query(engine, first, 'DROP TABLE facts').then(() => true),
    'the database answers',
    60_000,
  );
  await engine.ok('docker', 'rm', '-f', first);
  await engine.ok('gantry', 'volume', 'restore', 'source', 'whole');
  for (const volume of ['imported', 'copied', 'source']) {
    const id = await start(engine, volume);
    expect(await rows(engine, id)).toBe(written);
    await engine.ok('docker', 'rm', '-f', id);
    await engine.ok('docker', 'volume', 'rm', volume);
  }
});

once('what was committed when the daemon and the database were killed is there', async (engine) => {
  if (!isGantry) return; // Docker's containers end with its daemon
  await debianStack(engine);
  const id = await start(engine, 'killed');
  await query(engine, id, 'CREATE TABLE facts (n int)');
  const writer = Bun.spawn(
    engine.argv('docker', [
      'exec',
      id,
      'sh',
      '-c',
      'n=0; while n=$((n+1)); do psql -h /tmp -qc "INSERT INTO facts VALUES ($n)" && echo $n; done',
    ]),
    { stdout: 'pipe', stderr: 'ignore' },
  );
  const reader = writer.stdout.getReader();
  let committed = '';
  while (committed.split('\n').length < 12)
    committed += new TextDecoder().decode((await reader.read()).value);
  const pid = Number(await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', id));
  await engine.stopDaemon('SIGKILL');
  process.kill(pid, 'SIGKILL');
  for (let next = await reader.read(); !next.done; next = await reader.read())
    committed += new TextDecoder().decode(next.value);
  await writer.exited;
  await engine.startDaemon();
  await engine.ok('docker', 'rm', '-f', id);
  const after = await start(engine, 'killed');
  const last = Number(committed.trim().split('\n').at(-1));
  expect(Number(await query(engine, after, `SELECT count(*) FROM facts WHERE n <= ${last}`))).toBe(last);
  await engine.ok('docker', 'rm', '-f', after);
  await engine.ok('docker', 'volume', 'rm', 'killed');
});
