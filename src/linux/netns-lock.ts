/** Mutual exclusion between all processes of one network namespace. */
import { createServer, type Server } from 'node:net';
import { unavailable } from '../lib/errors.ts';

const timeoutMs = 10_000;
const pauseMs = 20;

/** null when another process has it. An abstract unix socket: its name lives in the network namespace and dies with its owner. */
function tryLock(name: string): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', () => resolve(null));
    server.listen(`\0gantry-${name}`, () => resolve(server));
  });
}

/** Waits its turn. Free again when disposed of. */
export async function lockNamespace(name: string): Promise<Disposable> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
    const server = await tryLock(name);
    if (server) return { [Symbol.dispose]: () => server.close() };
    await Bun.sleep(pauseMs);
  }
  throw unavailable(`another process holds the lock ${name} for too long`);
}
