/** `gantry daemon`: the engine and its API, in the foreground until a signal. Containers do not depend on it. */
import { mkdirSync } from 'node:fs';
import { createApiServer } from '../api/server.ts';
import { openEngine } from '../engine/engine.ts';
import { messageOf } from '../lib/errors.ts';
import { daemonHelp } from './help.ts';
import { listenAll } from './listen.ts';
import { createLog } from './log.ts';
import { giveBackWhenIdle } from './memory.ts';
import { type DaemonOptions, parseDaemonOptions } from './options.ts';
import { writePidfile } from './pidfile.ts';
import { unpackPrograms } from './programs.ts';

export async function runDaemon(argv: string[]): Promise<number> {
  try {
    const options = parseDaemonOptions(argv);
    if (options) return await serve(options);
    process.stdout.write(daemonHelp);
    return 0;
  } catch (error) {
    process.stderr.write(`gantry daemon: ${messageOf(error)}\n`);
    return 1;
  }
}

async function serve(options: DaemonOptions): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('the daemon needs to be started with root privileges');
  const log = createLog(options.engine.logLevel);
  const stop = stopSignal();
  const closing = new AbortController();
  mkdirSync(options.engine.execRoot, { recursive: true, mode: 0o711 });
  using _pidfile = writePidfile(options.pidfile);
  const engine = await openEngine(options.engine, log, await unpackPrograms(options.engine.dataRoot));
  const server = createApiServer(engine, { log });
  try {
    await listenAll(server, options, log);
    log('info', 'Daemon has completed initialization');
    void giveBackWhenIdle(
      engine.system.events({ since: null, until: null, filters: new Map() }, closing.signal),
    );
    log('info', `Processing signal '${await stop}'`);
    return 0;
  } finally {
    closing.abort();
    await server.close();
    await engine.close();
  }
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
    // The terminal that started us may go away; we stay.
    process.on('SIGHUP', () => {});
  });
}
