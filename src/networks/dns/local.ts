/** What is answered without asking anybody: names and addresses of the container's own networks. */
import { type Answer, encode } from 'dns-packet';
import type { NameView } from './model.ts';
import { headerSize, lowerCase, type Query } from './query.ts';
import { addressOf } from './reverse.ts';

/** Seconds; Docker's. */
const ttl = 600;

/** In another order each time, so that the containers behind one alias share the work. */
function shuffled(list: readonly string[]): string[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j] as string, result[i] as string];
  }
  return result;
}

/** dns-packet joins labels with dots, so "a.b" may have been one label, or no text at all: then it is no name of ours. */
function isPlain({ name, question }: Query): boolean {
  const again = encode({ questions: [{ name, type: 'A' }] });
  return again.subarray(headerSize, -4).equals(question.subarray(0, -4));
}

function pointerTo(query: Query, key: string, view: NameView): Answer[] | null {
  const address = addressOf(key);
  const data = address === null ? null : view.reverse(address);
  return data === null ? null : [{ type: 'PTR', name: query.name, ttl, data }];
}

/** Records of a local name: none where it has no address of that family, or another type is asked for. */
function addressesOf({ name, type }: Query, found: { ipv4: string[]; ipv6: string[] }): Answer[] {
  const wants = (one: 'A' | 'AAAA') => type === one || type === 'ANY';
  const records = (one: 'A' | 'AAAA', addresses: string[]): Answer[] =>
    wants(one) ? shuffled(addresses).map((data) => ({ type: one, name, ttl, data })) : [];
  return [...records('A', found.ipv4), ...records('AAAA', found.ipv6)];
}

/** null: it is not ours, ask the world. */
export function localAnswers(query: Query, view: NameView): Answer[] | null {
  if (query.class !== 'IN' || query.name === '') return null;
  const key = lowerCase(query.name);
  const found = view.lookup(key);
  if (found !== null && isPlain(query)) return addressesOf(query, found);
  if (query.type === 'PTR') return pointerTo(query, key, view);
  const isBare = !key.includes('.') && (query.type === 'A' || query.type === 'AAAA');
  return isBare && view.keepsBareNames === true ? [] : null;
}
