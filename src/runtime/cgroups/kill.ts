/** SIGKILL to everything in a group, again until nothing new appears. */
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from '../../linux/errno.ts';

const DEADLINE = 10_000;

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/**
 * `pids` lists the group. What is still there after the first round may be forking faster than it is killed: from then on
 * `freeze` comes before each listing. `thaw` follows each round, as frozen tasks do not die.
 */
export async function killAll(
  pids: () => Promise<number[]>,
  { freeze, thaw }: { freeze: () => void; thaw: () => void },
): Promise<void> {
  const deadline = Date.now() + DEADLINE;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    if (wait > 4) freeze();
    const left = await pids();
    if (left.length === 0) return thaw();
    if (Date.now() > deadline) throw new Error(`processes ${left.slice(0, 10).join(' ')} do not die`);
    for (const pid of left) killOne(pid);
    thaw();
    await delay(wait);
  }
}
