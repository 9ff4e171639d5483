/** Points in time as users give them (`10m`, `2026-01-02`, RFC 3339, unix seconds), as the API's `seconds.nanoseconds`. Docker's text for what is neither. */
import { goDurationOrNull } from '../../lib/go-duration.ts';

/** `now` in milliseconds. */
export function timestamp(text: string, now = Date.now()): string {
  if (text === '') return '';
  const duration = goDurationOrNull(text);
  if (duration !== null) return String(Math.trunc((now - duration / 1e6) / 1000));
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(\.\d+)?)?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
      text,
    );
  if (!match && /^\d+(\.\d+)?$/.test(text)) return text;
  if (!match) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(milliseconds)) throw new Error(`parsing time ${JSON.stringify(text)}: day out of range`);
  return `${Math.trunc(milliseconds / 1000)}.${fraction.slice(1, 10).padEnd(9, '0')}`;
}
