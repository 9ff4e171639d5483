/** Beyond Docker: `uid=`, `gid=`, `mode=` and `idmap` of a bind or a volume. */
import { invalid } from '../lib/errors.ts';
import { checkIdMap, type IdMap, parseIdMap } from '../lib/id-map.ts';
import type { Owners, Ownership } from './model.ts';

export const noOwnership: Ownership = { uid: null, gid: null, mode: null };

const options = /^(uid|gid|mode|idmap)=|^idmap$/;

/** Whether a word of `-v source:target:MODE` is one of these. */
export const isOwnerOption = (option: string) => options.test(option);

const maxId = 2 ** 31 - 1;

/** `uid=1000`, `gid=1000`, `mode=750` (octal), `idmap`, `idmap=uids=0-1000-1;gids=0-1000-1`; each once. */
export function parseOwners(words: readonly string[]): Owners {
  const given = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (given.has(name)) throw invalid(`option ${name} is given twice`);
    given.set(name, equals < 0 ? '' : word.slice(equals + 1));
  }
  const number = (name: string, base: number) => {
    const text = given.get(name);
    if (text === undefined) return null;
    if (!(base === 8 ? /^[0-7]{1,6}$/ : /^\d{1,10}$/).test(text))
      throw invalid(`invalid value for ${name}: ${text}`);
    return Number.parseInt(text, base);
  };
  const idMap = given.get('idmap');
  const owners = {
    fresh: { uid: number('uid', 10), gid: number('gid', 10), mode: number('mode', 8) },
    idMap: idMap === undefined ? null : parseIdMapOption(idMap),
  };
  checkOwners(owners);
  return owners;
}

function parseIdMapOption(text: string): IdMap {
  try {
    return parseIdMap(text);
  } catch (error) {
    throw error instanceof RangeError ? invalid(error.message) : error;
  }
}

export function checkOwners({ fresh, idMap }: Owners): void {
  for (const [name, id] of [['UID', fresh.uid] as const, ['GID', fresh.gid] as const])
    if (id !== null && (id < 0 || id > maxId)) throw invalid(`${name} must be 0 to ${maxId}: ${id}`);
  if (fresh.mode !== null && (fresh.mode < 0 || fresh.mode > 0o7777))
    throw invalid(`Mode must be 0 to 07777: 0${fresh.mode.toString(8)}`);
  try {
    if (idMap !== null) checkIdMap(idMap);
  } catch (error) {
    throw error instanceof RangeError ? invalid(error.message) : error;
  }
}

export const changesNothing = ({ fresh, idMap }: Owners) =>
  idMap === null && fresh.uid === null && fresh.gid === null && fresh.mode === null;
