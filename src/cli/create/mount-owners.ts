/** Beyond Docker's `--mount`: `uid=`, `gid=`, `mode=` and `idmap` of binds and volumes. */
import type { Mount, OwnerOptions } from '../../api/types/host-config.ts';
import { parseIdMap } from '../../lib/id-map.ts';

const readers: Record<string, (value: string) => OwnerOptions> = {
  uid: (value) => ({ UID: whole(value, /^\d{1,10}$/, 10) }),
  gid: (value) => ({ GID: whole(value, /^\d{1,10}$/, 10) }),
  mode: (value) => ({ Mode: whole(value, /^[0-7]{1,6}$/, 8) }),
  idmap: (value) => ({ IDMap: idMapJson(value) }),
};

const keyOf = (field: string) => field.split('=', 1)[0] ?? '';

export const isOwnerField = (field: string) => field === 'idmap' || /^(uid|gid|mode|idmap)=/.test(field);

/** Puts them where the kind of mount has its options. */
export function setOwners(mount: Mount, fields: readonly string[]): void {
  if (fields.length === 0) return;
  const parts = fields.map((field) => readers[keyOf(field)]?.(field.slice(keyOf(field).length + 1)) ?? {});
  const owners: OwnerOptions = Object.assign({}, ...parts);
  if (mount.Type === 'bind') mount.BindOptions = { ...mount.BindOptions, ...owners };
  else if (mount.Type === 'volume') mount.VolumeOptions = { ...mount.VolumeOptions, ...owners };
  else throw new Error(`cannot mix '${keyOf(fields[0] ?? '')}' with mount type '${mount.Type}'`);
}

function whole(value: string, pattern: RegExp, base: number): number {
  if (!pattern.test(value)) throw new Error(`invalid number: ${value}`);
  return Number.parseInt(value, base);
}

function idMapJson(value: string): NonNullable<OwnerOptions['IDMap']> {
  const map = parseIdMap(value);
  if (map === 'owner') return {};
  const ranges = (list: typeof map.uids) =>
    list.map(({ from, to, count }) => ({ From: from, To: to, Count: count }));
  return { UIDs: ranges(map.uids), GIDs: ranges(map.gids) };
}
