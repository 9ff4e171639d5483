/** Puts chosen entries of one tree into another (native/place.h). */
import { forbidden } from '../../lib/errors.ts';
import { terminated } from './names.ts';
import { type SourceTree, start } from './tree.ts';

/** In place of what the source has. A symbolic link has no mode. */
interface Attributes {
  uid?: number;
  gid?: number;
  /** All bits of it, without the type. */
  mode?: number;
  /** Seconds since 1970. */
  mtime?: number;
}

interface At {
  /** Absolute, in the target; links on the way are followed inside of it. As bytes in Latin-1 (names.ts). */
  destination: string;
  /** A link in place of the last component is followed too: what it leads to is replaced, or made. */
  follow?: boolean;
}

/** A directory that is there already takes owner, mode, time and attributes too. */
interface MaybeThere {
  existing?: boolean;
}

export type PlaceRecord =
  /**
   * One entry of the source; a directory without what is in it, which stays what it is when it is there already. Anything else takes the
   * place of a file, link or device. `followSource`: a link in place of the last component of `source` is followed.
   */
  | ({ action: 'copy'; source: string; followSource?: boolean } & At & Attributes & MaybeThere)
  /** A directory that has no source: 0755 and the owner of `parents` unless said otherwise. */
  | ({ action: 'directory' } & At & Attributes & MaybeThere)
  /** A further name of what is at `existingPath` in the target, which an earlier record may have put there. */
  | ({ action: 'link'; existingPath: string } & At)
  /** The destination, itself and with everything in it. Nothing there is fine. */
  | { action: 'remove'; destination: string };

export interface PlaceOptions {
  /** Of directories that are missing on the way to a destination (0755). Default: 0:0, now. */
  parents?: { uid: number; gid: number; mtime?: number };
  signal?: AbortSignal;
}

/**
 * Performs the records in order. `source` may be null when none copies. When it throws, what was made by then is there; a file that
 * could not be completed is not, unless the program was killed.
 * Errors have BuildKit's texts where it has one: "cannot copy to non-directory: …", "cannot replace to directory … with file".
 */
export async function place(
  source: SourceTree | null,
  target: SourceTree,
  records: Iterable<PlaceRecord>,
  { parents, signal }: PlaceOptions = {},
): Promise<void> {
  const args =
    parents === undefined
      ? []
      : [
          ...['--parents-owner', `${parents.uid}:${parents.gid}`],
          ...(parents.mtime === undefined ? [] : ['--parents-mtime', String(parents.mtime)]),
        ];
  const trees = source === null ? { target } : { target, source };
  await using started = start('place', trees, args, signal);
  const finished = async () => {
    const { refused } = await started.program.answer();
    if (refused !== undefined) throw forbidden(`the target of the copy cannot be written: ${refused}`);
    await started.program.finish();
  };
  // A broken list looks to the program like one that has ended.
  const outcomes = await Promise.allSettled([started.feed(encode(records)), finished()]);
  signal?.throwIfAborted();
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

const chunkSize = 64 << 10;

function* encode(records: Iterable<PlaceRecord>): Generator<Uint8Array> {
  let texts = '';
  for (const record of records) {
    texts += [words(record).join(' '), sourceOf(record), record.destination].map(terminated).join('');
    if (texts.length < chunkSize) continue;
    yield Buffer.from(texts, 'latin1');
    texts = '';
  }
  yield Buffer.from(texts, 'latin1');
}

function sourceOf(record: PlaceRecord): string {
  switch (record.action) {
    case 'copy':
      return record.source;
    case 'link':
      return record.existingPath;
    case 'directory':
    case 'remove':
      return '';
  }
}

function words(record: PlaceRecord): string[] {
  const follow = 'follow' in record && record.follow ? ['follow'] : [];
  if (record.action === 'remove' || record.action === 'link') return [record.action, ...follow];
  const { uid, gid, mode, mtime } = record;
  return [
    record.action,
    ...follow,
    ...('followSource' in record && record.followSource ? ['follow-source'] : []),
    ...(record.existing ? ['existing'] : []),
    ...(uid === undefined ? [] : [`uid=${uid}`]),
    ...(gid === undefined ? [] : [`gid=${gid}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
    ...(mtime === undefined ? [] : [`mtime=${mtime}`]),
  ];
}
