/** Output of builds towards a client that does not read: nobody can hold a build back, so it must not be kept either. */
import type { BuildEvent } from '../../build/model.ts';

type Report = (event: BuildEvent) => void;

/** Bytes that may wait for a client. */
export const unreadLimit = 8 << 20;

const encoder = new TextEncoder();

/** While more than `unreadLimit` waits, output and progress are left out; afterwards it is told how much output was. */
export function droppingUnread(report: Report, unread: () => number): Report {
  const dropped = new Map<number, number>();
  return (event) => {
    if (event.kind !== 'output' && event.kind !== 'progress') return report(event);
    if (unread() > unreadLimit) {
      if (event.kind === 'output') dropped.set(event.id, (dropped.get(event.id) ?? 0) + event.bytes.length);
      return;
    }
    const missing = event.kind === 'output' ? dropped.get(event.id) : undefined;
    if (event.kind === 'output' && missing !== undefined) {
      dropped.delete(event.id);
      const note = `\n[${missing} bytes of output left out: nobody read them]\n`;
      report({ ...event, bytes: encoder.encode(note) });
    }
    report(event);
  };
}
