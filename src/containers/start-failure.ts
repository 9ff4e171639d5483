/** What a start that failed leaves: a record that says why. */
import { messageOf } from '../lib/errors.ts';
import type { Context } from './context.ts';
import type { Container } from './model.ts';
import { removeLocked } from './remove.ts';

/** Docker's exit codes of a container that could not be started, from the text of the reason. */
export function failedStartCode(message: string): number {
  if (/executable file not found|no such file or directory/i.test(message)) return 127;
  if (/permission denied|is a directory|exec format error/i.test(message)) return 126;
  return 128;
}

export async function recordFailure(context: Context, container: Container, error: unknown): Promise<void> {
  const { id } = container;
  const activity = context.activities.of(id);
  for (const stream of activity.pending) stream.fail();
  activity.pending.clear();
  const now = context.store.byId(id);
  if (now.state.status === 'running') return;
  const message = messageOf(error);
  const code = failedStartCode(message);
  const failed = context.store.transition(id, {
    type: 'start-failed',
    exit: {
      code,
      oom: false,
      error: message,
      startedAt: lastStart(container),
      finishedAt: lastFinish(container),
    },
  });
  if (failed.hostConfig.autoRemove) await removeLocked(context, failed, { volumes: true });
}

const lastStart = ({ state }: Container) => ('last' in state ? (state.last?.startedAt ?? 0) : 0);
const lastFinish = ({ state }: Container) => ('last' in state ? (state.last?.finishedAt ?? 0) : 0);
