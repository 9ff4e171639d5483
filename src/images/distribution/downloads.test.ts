import { afterAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Blob, openContent } from '../../content/content.ts';
import { unavailable } from '../../lib/errors.ts';
import { parseDigest } from '../../lib/ids.ts';
import type { Repository } from '../../registry/client/model.ts';
import { Downloads } from './downloads.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-downloads-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const bytes = Buffer.alloc(3 << 20, 'layer ');
const blob: Blob = {
  digest: parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`),
  size: bytes.length,
};

/** A registry with one blob that is sent in pieces, each when `gate` lets it. */
function repository(gate: (at: number) => Promise<void> | void = () => undefined) {
  const asked: number[] = [];
  const remote: Pick<Repository, 'blob'> = {
    blob: async (_digest, { offset, signal }) => {
      asked.push(offset);
      return {
        offset,
        chunks: (async function* () {
          for (let at = offset; at < bytes.length; at += 1 << 18) {
            await gate(at);
            signal.throwIfAborted();
            yield bytes.subarray(at, at + (1 << 18));
          }
        })(),
      };
    },
  };
  return { asked, remote: remote as Repository };
}

let next = 0;
function open() {
  const content = openContent(join(directory, String(next++)));
  return { content, downloads: new Downloads(content, () => undefined, 2) };
}

const watcher = (signal = new AbortController().signal) => {
  const seen: number[] = [];
  return { signal, seen, progress: (received: number) => void seen.push(received) };
};

async function sizeOf(chunks: AsyncIterable<Uint8Array> | null): Promise<number> {
  let size = 0;
  for await (const chunk of chunks ?? []) size += chunk.byteLength;
  return size;
}

describe('a download', () => {
  test('is one for all who want it, and can be read while it arrives', async () => {
    const { content, downloads } = open();
    const { asked, remote } = repository(() => Bun.sleep(1));
    const [a, b] = [watcher(), watcher()];
    const first = downloads.join(remote, blob, a);
    const second = downloads.join(remote, blob, b);
    const read = await Promise.all([sizeOf(await first.follow()), sizeOf(await second.follow())]);
    await Promise.all([first.done, second.done]);
    expect(read).toEqual([bytes.length, bytes.length]);
    expect(asked).toEqual([0]);
    expect(a.seen.at(-1)).toBe(bytes.length);
    expect(content.has(blob.digest)).toBe(true);
  });

  test('goes on for whoever is left, and stops with the last', async () => {
    const { downloads } = open();
    const { remote } = repository(() => Bun.sleep(1));
    const leaving = new AbortController();
    const last = new AbortController();
    const download = downloads.join(remote, blob, watcher(leaving.signal));
    downloads.join(remote, blob, watcher(last.signal));
    leaving.abort(new Error('left'));
    const stays = await Promise.race([
      download.done.catch(() => 'stopped'),
      Bun.sleep(5).then(() => 'goes on'),
    ]);
    expect(stays).toBe('goes on');
    last.abort(new Error('the last left'));
    await expect(download.done).rejects.toThrow('the last left');
  });

  test('that breaks goes on from there the next time', async () => {
    const { content, downloads } = open();
    const broken = repository((at) => {
      if (at >= 2 << 20) throw unavailable('connection reset');
    });
    await expect(downloads.join(broken.remote, blob, watcher()).done).rejects.toThrow('connection reset');
    expect(content.has(blob.digest)).toBe(false);
    const whole = repository();
    const again = downloads.join(whole.remote, blob, watcher());
    expect(await again.follow()).toBeNull();
    await again.done;
    expect(whole.asked).toEqual([2 << 20]);
    expect(content.has(blob.digest)).toBe(true);
  });

  test('that goes on from a wrong beginning starts once more', async () => {
    const { content, downloads } = open();
    {
      await using ingest = await content.resume(blob);
      await ingest.write(Buffer.alloc(1 << 20, 'wrong '));
    }
    const { asked, remote } = repository();
    await downloads.join(remote, blob, watcher()).done;
    expect(asked).toEqual([1 << 20, 0]);
    expect(content.has(blob.digest)).toBe(true);
  });

  test('of wrong bytes fails, also for who reads along, and leaves nothing', async () => {
    const { content, downloads } = open();
    const wrong = { ...blob, digest: parseDigest(`sha256:${'0'.repeat(64)}`) };
    const { remote } = repository();
    const download = downloads.join(remote, wrong, watcher());
    const reading = sizeOf(await download.follow());
    reading.catch(() => undefined);
    await expect(download.done).rejects.toThrow('content digest mismatch');
    await expect(reading).rejects.toThrow('content digest mismatch');
    expect(content.digests()).toEqual([]);
    expect(readdirSync(join(directory, String(next - 1), 'partial'))).toEqual([]);
  });
});
