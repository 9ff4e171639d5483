/** Keeps the time at which each image was used last, from the engine's events. */
import { findImage } from '../../images/find.ts';
import type { ImageRecords } from '../../images/records.ts';
import { EngineError } from '../../lib/errors.ts';
import type { EngineEvent } from '../../lib/events.ts';

/** Actions on images that mean that somebody wants them. */
const uses = new Set(['pull', 'load', 'import', 'tag', 'push', 'save', 'commit', 'build']);

type Event = Pick<EngineEvent, 'type' | 'action' | 'id' | 'attributes'>;

export function noteLastUse(images: () => ImageRecords, { type, action, id, attributes }: Event): void {
  // An id or a name, as the event has it.
  const ref =
    type === 'image' && uses.has(action)
      ? id
      : type === 'container' && action === 'create'
        ? attributes.image
        : undefined;
  if (ref === undefined) return;
  const records = images();
  try {
    records.touch(findImage(records, ref), Date.now());
  } catch (error) {
    // The image has gone meanwhile.
    if (!(error instanceof EngineError)) throw error;
  }
}
