import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { migrate } from '../lib/database.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import type { Reference } from './names.ts';
import { ImageRecords, type NewImage } from './records.ts';
import { steps } from './schema.ts';

const digest = (n: number): Digest => parseDigest(`sha256:${n.toString(16).padStart(64, '0')}`);
const tag = (text: string): Reference => ({ kind: 'tag', repository: 'docker.io/library/x', tag: text });
const byDigest = (target: Digest): Reference => ({
  kind: 'digest',
  repository: 'docker.io/library/x',
  digest: target,
});

const config = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [digest(50)] },
});

function database(): Database {
  const db = new Database(':memory:', { strict: true });
  db.run('PRAGMA foreign_keys = ON');
  db.run('CREATE TABLE schema_version (noun TEXT PRIMARY KEY, version INTEGER NOT NULL)');
  return db;
}

/** Image 1 carried by manifest `target` with one layer blob. */
function image(target: number, blob: number, more: Partial<NewImage> = {}): NewImage {
  return {
    id: digest(1),
    target: digest(target),
    manifest: digest(target),
    madeHere: false,
    config,
    parent: null,
    created: 0,
    blobs: [
      { digest: digest(target), size: 10 },
      { digest: digest(blob), size: 100 },
    ],
    chainIds: [digest(50)],
    ...more,
  };
}

function open(): ImageRecords {
  const records = new ImageRecords(database());
  records.noteLayer(digest(50), 1000);
  return records;
}

const blobs = (records: ImageRecords) => [...records.referenced().blobs].sort();

describe('one image, several manifests', () => {
  test('each name keeps the one it came with', () => {
    const records = open();
    records.add(image(10, 11), [tag('a'), byDigest(digest(10))]);
    records.add(image(20, 21), [tag('b')]);
    expect(records.names.find(tag('a'))?.target).toBe(digest(10));
    expect(records.names.find(tag('b'))?.target).toBe(digest(20));
    expect(records.get(digest(1))?.target).toBe(digest(20));
    expect(records.all().length).toBe(1);
    expect(blobs(records)).toEqual([digest(10), digest(11), digest(20), digest(21)]);
  });

  test('a manifest goes with its last name, but never the last manifest', () => {
    const records = open();
    records.add(image(10, 11), [tag('a'), byDigest(digest(10))]);
    records.add(image(20, 21), [tag('b')]);
    records.unrefer(tag('a'));
    expect(records.targets.of(digest(1)).length).toBe(2);
    records.unrefer(byDigest(digest(10)));
    expect(blobs(records)).toEqual([digest(20), digest(21)]);
    records.unrefer(tag('b'));
    expect(blobs(records)).toEqual([digest(20), digest(21)]);
    records.delete(digest(1));
    expect(blobs(records)).toEqual([]);
  });

  test('of manifests without a name only the newest stays', () => {
    const records = open();
    records.add(image(10, 11), []);
    records.add(image(20, 21), []);
    expect(records.targets.of(digest(1)).map(({ target }) => target)).toEqual([digest(20)]);
  });

  test('a name that moves takes its old manifest along', () => {
    const records = open();
    records.add(image(10, 11), [tag('a')]);
    records.add(image(20, 21), [tag('a')]);
    expect(blobs(records)).toEqual([digest(20), digest(21)]);
  });

  test('what was made here and goes out moves every name', () => {
    const records = open();
    records.add(image(10, 11, { madeHere: true }), [tag('a'), tag('b')]);
    const published = { target: digest(20), manifest: digest(20), madeHere: false };
    records.retarget(digest(1), digest(10), published, [{ digest: digest(20), size: 1 }]);
    expect(records.names.find(tag('b'))).toEqual({ image: digest(1), target: digest(20) });
    expect(records.targets.get(digest(1), digest(20))?.madeHere).toBe(false);
    expect(blobs(records)).toEqual([digest(20)]);
  });

  test('a manifest that came from outside is known outside, also when it is made here again', () => {
    const records = open();
    records.add(image(10, 11), [tag('a')]);
    records.add(image(10, 11, { madeHere: true }), [tag('b')]);
    expect(records.targets.get(digest(1), digest(10))?.madeHere).toBe(false);
  });

  test('repositories that have a blob', () => {
    const records = open();
    records.add(image(10, 11), [tag('a')]);
    expect(records.names.repositoriesWith(digest(11))).toEqual([]);
    records.refer(byDigest(digest(10)), { image: digest(1), target: digest(10) });
    expect(records.names.repositoriesWith(digest(11))).toEqual(['docker.io/library/x']);
  });
});

describe('leases', () => {
  test('keep blobs and layers until an image has them', () => {
    const records = open();
    records.leases.take(digest(11));
    records.leases.take(digest(50));
    expect(blobs(records)).toContain(digest(11));
    records.add(image(10, 11), [tag('a')]);
    records.delete(digest(1));
    expect(blobs(records)).toEqual([]);
    records.leases.take(digest(11));
    records.leases.dropAll();
    expect(blobs(records)).toEqual([]);
  });
});

test('a data root of the first version is taken over', () => {
  const db = database();
  migrate(db, 'images', steps.slice(0, 11));
  db.run(
    `INSERT INTO images (id, target, manifest, config, parent, created, added) VALUES ('${digest(1)}', '${digest(9)}', '${digest(10)}', '${config}', NULL, 7, 8)`,
  );
  db.run(`INSERT INTO image_blobs VALUES ('${digest(1)}', '${digest(11)}', 100)`);
  db.run(`INSERT INTO image_layers VALUES ('${digest(50)}', 1000)`);
  db.run(`INSERT INTO image_chain VALUES ('${digest(1)}', 0, '${digest(50)}')`);
  db.run(`INSERT INTO image_names VALUES ('docker.io/library/x', 'a', '${digest(1)}')`);
  const records = new ImageRecords(db);
  const known = records.get(digest(1));
  expect([known?.target, known?.tags, known?.size, known?.contentSize]).toEqual([
    digest(9),
    ['x:a'],
    1000,
    100,
  ]);
  expect(records.names.find(tag('a'))).toEqual({ image: digest(1), target: digest(9) });
  expect(records.targets.of(digest(1))).toEqual([
    { target: digest(9), manifest: digest(10), madeHere: false },
  ]);
});
