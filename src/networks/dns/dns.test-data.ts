import { type Answer, encode } from 'dns-packet';
import type { NameView } from './model.ts';
import { parseQuery, type Query } from './query.ts';

/** A client's query, with RD as they all have it. */
export function queryFor(name: string, type = 'A', additionals: Answer[] = []): Buffer {
  return encode({
    type: 'query',
    id: 0x1234,
    flags: 0x0100,
    questions: [{ name, type: type as 'A' }],
    additionals,
  });
}

export function edns(udpPayloadSize: number, dnssecOk = false): Answer {
  const flags = dnssecOk ? 0x8000 : 0;
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags,
    flag_do: dnssecOk,
    options: [],
  };
}

export function parsed(bytes: Buffer): Query {
  const query = parseQuery(bytes);
  if (query === null || typeof query === 'number') throw new Error(`no query: ${query}`);
  return query;
}

/** web has both families, db IPv4 only, all 200 addresses. */
export const view: NameView = {
  lookup: (name) => {
    if (name === 'web' || name === 'web.net') return { ipv4: ['10.9.0.2', '10.9.0.3'], ipv6: ['fd00::2'] };
    if (name === 'db') return { ipv4: ['10.9.0.4'], ipv6: [] };
    if (name === 'a.b') return { ipv4: ['10.9.0.5'], ipv6: [] };
    if (name === 'all') return { ipv4: Array.from({ length: 200 }, (_, i) => `10.8.0.${i}`), ipv6: [] };
    return null;
  },
  reverse: (address) => (address === '10.9.0.4' || address === 'fd00::4' ? 'db.net.' : null),
  upstream: ['192.0.2.53'],
  keepsBareNames: false,
};
