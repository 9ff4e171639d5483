/** Events as `docker events` gets them. */
import type { EngineEvent } from '../../lib/events.ts';
import type { EventMessage } from '../types/system.ts';

export const eventFilterKeys = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
] as const;

/** One line of JSON. The nanoseconds exceed what a JavaScript number holds, so they are written digit by digit. */
export function eventLine(event: EngineEvent, version: number): string {
  const { type, action, id, attributes, timeNano } = event;
  // Until 1.51 containers and images told the same again at the top.
  const legacy = version < 52 && (type === 'container' || type === 'image');
  const message: Omit<EventMessage, 'timeNano'> = {
    ...(legacy && { status: action, id }),
    ...(legacy && attributes.image !== undefined && type === 'container' && { from: attributes.image }),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
  };
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNano}}`;
}

/** The content type of the answer, by version and the client's wish. */
export function eventContentType(accept: string, version: number): string {
  if (version < 52) return 'application/json';
  const wanted = ['application/jsonl', 'application/x-ndjson', 'application/json-seq'];
  return (
    accept
      .split(',')
      .map((part) => part.split(';', 1)[0]?.trim() ?? '')
      .find((type) => wanted.includes(type)) ?? 'application/jsonl'
  );
}
