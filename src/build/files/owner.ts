/** Who `COPY --chown` means. */
import { messageOf, notFound } from '../../lib/errors.ts';
import { type SourceTree, start } from './tree.ts';

export interface Owner {
  uid: number;
  gid: number;
}

const isNumber = (text: string) => /^\d+$/.test(text) && Number(text) < 2 ** 31;

/** Of nothing at all. */
const nameless = (user: string, group: string): string =>
  isNumber(user)
    ? `group ${group}: no matching entries in group`
    : `user ${user}: no matching entries in passwd`;

/**
 * `target`: null = there are no files. `owner`: USER[:GROUP], each a name of the target's own /etc/passwd and /etc/group, or a number, which
 * is taken as it is. As in Docker a number without a group is the group's number too, and a name brings the group that passwd says. Throws
 * notFound for names that are not there.
 */
export async function resolveOwner(
  target: SourceTree | null,
  owner: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Owner> {
  const [user = '', group = ''] = owner.split(':', 2);
  const wanted = group === '' && isNumber(user) ? `${user}:${user}` : owner;
  const [first = '', second = ''] = wanted.split(':', 2);
  if (isNumber(first) && isNumber(second)) return { uid: Number(first), gid: Number(second) };
  if (target === null) throw notFound(`unable to find ${nameless(first, second)} file`);
  await using started = start('index', { target }, ['--owner', wanted], signal);
  try {
    const [answer] = await Promise.all([Array.fromAsync(started.program.output()), started.feed([])]);
    return JSON.parse(Buffer.concat(answer).toString()) as Owner;
  } catch (error) {
    signal?.throwIfAborted();
    if (/^unable to find (user|group) /.test(messageOf(error))) throw notFound(messageOf(error));
    throw error;
  }
}
