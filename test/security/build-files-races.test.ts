/**
 * COPY between trees in which somebody exchanges what the paths are made of (as in CVE-2018-15664): a canary beside the trees is neither
 * read nor touched, whichever of the two is hostile.
 */
import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { indexTree } from '../../src/build/files/index.ts';
import { type PlaceRecord, place } from '../../src/build/files/place.ts';
import { directory, Scratch, sh } from '../native/trees.ts';
import { patience, succeed } from '../rig/command.ts';
import { Canary, Exchange, secret } from './exchange.ts';

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());
const rounds = Number(process.env.GANTRY_TEST_RACE_ROUNDS ?? 400);

let canary: Canary;
beforeEach(() => {
  canary = new Canary(join(scratch.fresh(), 'canary'));
});
afterEach(() => {
  expect(canary.harm).toBe('');
});

/** How often what happened: "done", or the error's text without paths. */
async function repeatedly(work: (round: number) => Promise<unknown>): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const end = process.env.GANTRY_TEST_RACE_ROUNDS ? Number.POSITIVE_INFINITY : Date.now() + patience(5_000);
  for (let round = 0; round < rounds && Date.now() < end; round++) {
    const outcome = await work(round).then(
      () => 'done',
      (error) => String(error).replaceAll(/\/\S+/g, '…'),
    );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  console.log(JSON.stringify([...outcomes]));
  return outcomes;
}

/** `dir` and a link to the canary, by a way that leads out if it is followed on the host. */
function hostile(way: 'absolute' | 'climbing'): Promise<string> {
  const target = way === 'absolute' ? canary.path : `../../../../../../../..${canary.path}`;
  return scratch.tree(
    `mkdir -p dir/deep; for f in secret pipe deep/secret; do echo own > dir/$f; done; ln -s ${target} link; ln -s ${target}/secret dir/tosecret`,
  );
}

const files = ['/dir/secret', '/dir/deep/secret', '/dir/pipe', '/dir/tosecret', '/dir'];

for (const way of ['absolute', 'climbing'] as const) {
  test(`a source whose directory is exchanged for a link, ${way}: listed`, async () => {
    const source = await hostile(way);
    await using _ = await Exchange.start(scratch.path, source, 'dir', 'link');
    const digest = new Bun.CryptoHasher('sha256').update(secret).digest('hex');
    const outcomes = await repeatedly(async () => {
      for (const followNamed of [true, false])
        for await (const each of indexTree(directory(source), ['/', ...files], {
          digests: true,
          followNamed,
        }))
          if (each.kind === 'file') expect(each.digest).not.toBe(digest);
    });
    expect(outcomes.get('done')).toBeGreaterThan(0);
  });

  test(`a source whose directory is exchanged for a link, ${way}: copied`, async () => {
    const source = await hostile(way);
    await using _ = await Exchange.start(scratch.path, source, 'dir', 'link');
    const target = scratch.fresh();
    const outcomes = await repeatedly((round) =>
      place(
        directory(source),
        directory(target),
        files.slice(0, (round % files.length) + 1).map((path) => ({
          action: 'copy',
          source: path,
          destination: `/${round}${path}`,
          followSource: round % 2 === 0,
        })),
      ),
    );
    expect(outcomes.get('done')).toBeGreaterThan(0);
    expect(await succeed(['sh', '-c', `grep -rl '${secret}' ${target} || true`])).toBe('');
  });

  test(`a target whose directory is exchanged for a link, ${way}`, async () => {
    const source = await scratch.tree('mkdir new; echo new > file; ln -s file link; mkfifo fifo');
    const target = await hostile(way);
    await sh(target, 'echo linked > linked');
    await using _ = await Exchange.start(scratch.path, target, 'dir', 'link');
    const attributes = { uid: 5, gid: 6, mode: 0o777, mtime: 5, follow: true };
    const outcomes = await repeatedly((round) => {
      const at = (name: string) => ({ destination: `/dir/${name}`, ...attributes, follow: round % 2 === 0 });
      const records: PlaceRecord[] = [
        { action: 'copy', source: '/file', ...at('secret') },
        { action: 'copy', source: '/fifo', ...at('deep/secret') },
        { action: 'copy', source: '/link', ...at('tosecret') },
        { action: 'link', existingPath: '/linked', ...at('pipe') },
        { action: 'copy', source: '/new', existing: true, ...at('deep') },
        { action: 'directory', existing: true, ...at('deep/made') },
        { action: 'remove', destination: '/dir/deep' },
        { action: 'remove', destination: '/dir/secret' },
      ];
      return place(directory(source), directory(target), [
        records[round % records.length] as PlaceRecord,
        ...records,
      ]);
    });
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(outcomes.get('done')).toBeGreaterThan(0);
  });
}

test('a tree that is removed while it is deep in the making', async () => {
  const source = await scratch.tree('echo f > f');
  const target = await scratch.tree('mkdir -p a/b/c other');
  await using _ = await Exchange.start(scratch.path, target, 'a', 'other');
  const deep: PlaceRecord[] = Array.from({ length: 50 }, (_, at) => ({
    ...{ action: 'copy', source: '/f', destination: `/a/b/c/${at}/${at}` },
  }));
  await repeatedly(() =>
    place(directory(source), directory(target), [...deep, { action: 'remove', destination: '/a/b' }]),
  );
});
