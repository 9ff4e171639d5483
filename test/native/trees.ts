/** Trees for the tests of `index` and `place`: made by shell scripts, described in lines. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type IndexEntry, type IndexOptions, indexTree } from '../../src/build/files/index.ts';
import type { PlaceRecord } from '../../src/build/files/place.ts';
import type { SourceTree } from '../../src/build/files/tree.ts';
import { succeed } from '../rig/command.ts';

/** On a real file system: overlayfs does not stack on everything. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync('/var/tmp/gantry-trees-');
  #next = 0;

  fresh(): string {
    const path = join(this.path, String(this.#next++));
    mkdirSync(path);
    return path;
  }

  /** A new directory, filled by a shell script. */
  async tree(script: string): Promise<string> {
    const path = this.fresh();
    await sh(path, script);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export const sh = (directory: string, script: string) =>
  succeed(['sh', '-ec', `umask 022; cd ${directory}; ${script}`]);

export const directory = (path: string): SourceTree => ({ kind: 'directory', path });

export async function entries(
  tree: SourceTree | string,
  paths: string[] = ['/'],
  options: Partial<IndexOptions> = {},
): Promise<IndexEntry[]> {
  const source = typeof tree === 'string' ? directory(tree) : tree;
  return Array.fromAsync(indexTree(source, paths, { digests: false, followNamed: false, ...options }));
}

/** Of the entries: the one at this path. */
export async function entry<K extends IndexEntry['kind']>(
  tree: SourceTree | string,
  path: string,
  kind: K,
  options: Partial<IndexOptions> = {},
): Promise<Extract<IndexEntry, { kind: K }>> {
  const found = (await entries(tree, [path], { depth: 0, ...options }))[0];
  if (found?.kind !== kind) throw new Error(`${path} is ${found?.kind}, not ${kind}`);
  return found as Extract<IndexEntry, { kind: K }>;
}

/** Everything but the root's own times and what says where on disk it is; hard links as the names that each file has. */
export async function describeTree(path: string): Promise<string> {
  const script = `find . -mindepth 1 -printf '%P\\t%y %m %U:%G %s %n %l %Ts\\n' | sed 's/\\td\\(.*\\) [0-9]* [0-9]* /\\td\\1 /' | sort
    find . -mindepth 1 ! -type d -links +1 -printf '%i %P\\n' | sort -k2 | awk '{ names[$1] = names[$1] " " $2; if (!($1 in seen)) { seen[$1] = ++count; order[count] = $1 } } END { for (i = 1; i <= count; i++) print "linked" names[order[i]] }'
    find . -type f -exec sha256sum {} + | sort -k2; getfattr -R -h -d -m 'user|capability|posix' -e hex . 2>/dev/null`;
  return sh(path, script);
}

/** All kinds of entries, with names that are no text. */
export const odd = `mkdir -p d/e/f empty; echo 1 > d/file; echo 2 > d/e/f/deep; printf '' > none; ln d/file d/e/linked; ln d/file zlast; ln -s ../away soft
  ln -s $(printf 't%.0s' $(seq 300)) longlink; mkfifo fifo; mknod null c 1 3; mknod loop b 7 0; mknod far c 4095 1048575; chmod 4751 none; mkdir -m 1777 sticky
  printf x > "$(printf 'raw\\377\\001name')"; printf x > 'new
line'; printf x > 'é'; chown 1000:2000 d/file; chown -h 7:8 soft; chown 3:4 fifo; chmod 640 fifo; setfattr -n user.note -v kept d/file; setfattr -n user.dir -v d d
  cp /bin/true capable; setcap cap_net_raw+ep capable; setfattr -n system.posix_acl_access -v 0x0200000001000700ffffffff02000400d204000004000500ffffffff10000500ffffffff20000100ffffffff none; truncate -s 3M hole; printf end >> hole; touch -d @1000000000.5 d/e/f/deep; touch -h -d @1100000000 soft
  touch -d @1200000000 fifo null d/e/f d empty; touch -d '1960-01-01 00:00:00 UTC' old`;

/** Records that make the same tree at `destination` (without a slash at its end), which must be there. */
export function copies(all: readonly IndexEntry[], destination = ''): PlaceRecord[] {
  const first = new Map<string, string>();
  return all.flatMap((each): PlaceRecord[] => {
    if (each.kind === 'missing' || each.path === '/') return [];
    const path = destination + each.path;
    const existingPath = each.kind === 'directory' ? undefined : first.get(each.inode);
    if (existingPath !== undefined) return [{ action: 'link', existingPath, destination: path }];
    if (each.links > 1) first.set(each.inode, path);
    return [{ action: 'copy', source: each.path, destination: path }];
  });
}
