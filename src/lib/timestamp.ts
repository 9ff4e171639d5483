/** Points in time as clients give them in filters. */
import { invalid } from './errors.ts';
import { goDurationOrNull } from './go-duration.ts';

/**
 * A Go duration counted back from `now` ("1h30m"), Unix seconds, or a date in Docker's forms. In milliseconds since the epoch,
 * as `now`; null when it is none of these.
 */
export function parseTimestamp(text: string, now: number): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const duration = goDurationOrNull(text);
  if (duration !== null) return now - duration / 1e6;
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text)) return null;
  // Hours alone are not a time for Date; without a zone it is local time, as Docker takes it.
  const time = Date.parse(
    text.replace(/T(\d{2})(?=$|Z|[+-])/, 'T$1:00').replace(/^(\d{4}-\d{2}-\d{2})$/, '$1T00:00'),
  );
  return Number.isNaN(time) ? null : time;
}

/** The same of a filter `until`. Throws invalid with Docker's text. */
export function parseUntil(text: string, now: number): number {
  const time = parseTimestamp(text, now);
  if (time === null) throw invalid(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return time;
}
