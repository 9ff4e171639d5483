/** The CLI starts the daemon by itself when none listens on the default socket, as adb and watchman do. */
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { invalid, unavailable } from '../lib/errors.ts';
import { defaults } from './defaults.ts';

const patience = 10_000;

/** This very program again: the compiled executable, or Bun with the same main file. */
export function selfCommand(): string[] {
  const compiled = Bun.main.startsWith('/$bunfs/');
  return compiled ? [process.execPath] : [process.execPath, ...process.execArgv, Bun.main];
}

/** Resolves when the daemon answers on the default socket. Two CLIs at once are fine: the data root's lock lets one daemon live. */
export async function startDaemon(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw invalid(
      `Cannot connect to the gantry daemon at unix://${defaults.socket}, and only root can start one: try 'sudo gantry daemon'`,
    );
  mkdirSync(defaults.execRoot, { recursive: true, mode: 0o711 });
  const logPath = `${defaults.execRoot}/daemon.log`;
  const log = openSync(logPath, 'a', 0o600);
  const daemon = Bun.spawn([...selfCommand(), 'daemon'], {
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    cwd: '/',
    detached: true,
  });
  closeSync(log);
  daemon.unref();
  await answering(daemon, logPath);
}

async function answering(daemon: Bun.Subprocess, logPath: string): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end; await Bun.sleep(5)) {
    try {
      if ((await fetch('http://gantry/_ping', { unix: defaults.socket })).ok) return;
    } catch {
      // not listening yet
    }
    // Another daemon may have won the race for the data root: then it will answer.
    if (daemon.exitCode !== null && daemon.exitCode !== 0) await Bun.sleep(100);
  }
  const tail = readFileSync(logPath, 'utf8').slice(-2000);
  throw unavailable(`the gantry daemon did not start; its log ${logPath} ends with:\n${tail}`);
}
