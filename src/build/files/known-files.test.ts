import { expect, test } from 'bun:test';
import type { IndexEntry } from './index.ts';
import { KnownFiles } from './known-files.ts';

type FileEntry = Extract<IndexEntry, { kind: 'file' }>;

const file = (inode: string, changes: Partial<FileEntry> = {}): FileEntry => ({
  ...{ kind: 'file', path: '/f', mode: 0o644, uid: 0, gid: 0, size: 3, links: 1 },
  ...{ mtime: 1_700_000_000_123_456_789n, ctime: 1_700_000_000_123_456_790n, device: '5' },
  ...{ inode, xattrs: null, digest: null, ...changes },
});

/** What a daemon after this one finds, as JSON keeps it. */
function disk(size: number) {
  const files = new Map<string, string>();
  const read = (name: string) => JSON.parse(files.get(name) ?? '[]');
  return {
    files,
    open: () =>
      new KnownFiles({
        size,
        digests: () => read('digests'),
        saveDigests: (digests) => files.set('digests', JSON.stringify(digests)),
        listings: () => read('listings'),
        saveListings: (listings) => files.set('listings', JSON.stringify(listings)),
      }),
  };
}

test('the digest of a file is known as long as nothing of it changes', () => {
  const kept = disk(10);
  const known = kept.open();
  known.addDigest(file('1'), 'abc');
  known.save();
  const later = kept.open();
  expect(later.digest(file('1'))).toBe('abc');
  for (const other of [file('2'), file('1', { size: 4 }), file('1', { mtime: 1n }), file('1', { ctime: 1n })])
    expect(later.digest(other)).toBeUndefined();
});

test('a listing comes back as it was', () => {
  const kept = disk(10);
  const known = kept.open();
  const entries: IndexEntry[] = [file('1', { digest: 'abc' }), { kind: 'missing', path: '/none' }];
  known.addListing('all', entries);
  known.save();
  expect(kept.open().listing('all')).toEqual(entries);
  expect(kept.open().listing('other')).toBeUndefined();
});

test('what has not changed is not written', () => {
  const kept = disk(10);
  const known = kept.open();
  known.digest(file('1'));
  known.listing('all');
  known.save();
  expect(kept.files.size).toBe(0);
});

test('digests of files that are gone, and listings without end, are not kept', () => {
  const kept = disk(10);
  const known = kept.open();
  for (let inode = 0; inode < 1000; inode++) known.addDigest(file(String(inode)), 'x');
  for (let count = 0; count < 1000; count++) known.addListing(String(count), [file('1')]);
  known.save();
  expect((JSON.parse(kept.files.get('digests') ?? '') as unknown[]).length).toBe(10);
  expect(kept.open().digest(file('999'))).toBe('x');
  expect((JSON.parse(kept.files.get('listings') ?? '') as unknown[]).length).toBeLessThan(200);
});
