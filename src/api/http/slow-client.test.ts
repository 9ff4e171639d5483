import { expect, test } from 'bun:test';
import type { BuildEvent } from '../../build/model.ts';
import { droppingUnread, unreadLimit } from './slow-client.ts';

const output = (id: number, text: string): BuildEvent => ({
  ...{ kind: 'output', id, stream: 'stdout' },
  bytes: Buffer.from(text),
});
const end: BuildEvent = { kind: 'end', id: 1, outcome: { kind: 'done', image: null } };

test('output that nobody reads is left out, and it is said how much; everything else arrives', () => {
  let unread = 0;
  const seen: string[] = [];
  const report = droppingUnread(
    (event) => seen.push(event.kind === 'output' ? Buffer.from(event.bytes).toString() : event.kind),
    () => unread,
  );
  report(output(1, 'a'));
  unread = unreadLimit + 1;
  report(output(1, 'bb'));
  report(output(2, 'c'));
  report({ kind: 'progress', id: 1, subject: 'x', status: 'y' });
  report(output(1, 'bb'));
  report(end);
  unread = unreadLimit;
  report(output(1, 'd'));
  report(output(1, 'e'));
  expect(seen).toEqual(['a', 'end', '\n[4 bytes of output left out: nobody read them]\n', 'd', 'e']);
});
