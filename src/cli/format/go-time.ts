/** Dates where Docker's structs have Go's time.Time and not a text. */
import { makeStruct, type Struct } from '../template/values.ts';

/** time.Time.String of an RFC 3339 text, in the zone it has. */
export function goTimeText(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return text;
  const [, day, time, fraction = '', zone = 'Z'] = match;
  const trimmed = fraction.replace(/\.?0+$/, '');
  const offset = zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`;
  return `${day} ${time}${trimmed} ${offset}`;
}

/** What a template prints and what its `json` gives differ. */
export function goTime(text: string): Struct {
  return makeStruct('time.Time', (name) => {
    if (name === '$text') return goTimeText(text);
    return name === '$json' ? text : undefined;
  });
}
