/** COPY and ADD: what goes where, whose it is, and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineRig } from '../engine/rig.ts';
import { succeed } from '../rig/command.ts';
import { build, type Files, listing, outcomes, outputOf } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

const tree: Files = {
  'a.txt': 'a',
  'b.txt': 'b',
  'c.md': 'c',
  'dir/x.txt': 'x',
  'dir/sub/y.md': 'y',
  'other/x.txt': 'z',
};

/** What `lines` make of an empty image that has /have (a directory) and /file. */
async function made(lines: string[], files = tree): Promise<string[]> {
  const dockerfile = ['FROM scratch', 'COPY a.txt /file', 'COPY a.txt /have/', ...lines].join('\n');
  const names = await listing(rig, await build(rig, dockerfile, files));
  return names.filter((name) => !['/file', '/have', '/have/a.txt'].includes(name));
}

test.each([
  ['a file in place of a name', 'COPY a.txt /new', ['/new']],
  ['a file into a directory', 'COPY a.txt /new/', ['/new', '/new/a.txt']],
  ['a file into a directory that is there', 'COPY b.txt /have', ['/have/b.txt']],
  ['what is in a directory', 'COPY dir /new', ['/new', '/new/sub', '/new/sub/y.md', '/new/x.txt']],
  ['several', 'COPY a.txt b.txt /new/', ['/new', '/new/a.txt', '/new/b.txt']],
  ['a pattern', 'COPY *.txt /new/', ['/new', '/new/a.txt', '/new/b.txt']],
  ['a pattern of directories', 'COPY d*/x.txt /new/', ['/new', '/new/x.txt']],
  ['JSON', 'COPY ["a.txt", "/with space/"]', ['/with space', '/with space/a.txt']],
  ['relative to WORKDIR', 'WORKDIR /w\nCOPY a.txt b', ['/w', '/w/b']],
  ['.', 'WORKDIR /w\nCOPY a.txt .', ['/w', '/w/a.txt']],
  [
    '--exclude',
    'COPY --exclude=*.md --exclude=dir . /new/',
    ['/new', '/new/Dockerfile', '/new/a.txt', '/new/b.txt', '/new/other', '/new/other/x.txt'],
  ],
  ['--exclude of a pattern', 'COPY --exclude=a* *.txt /new/', ['/new', '/new/b.txt']],
  [
    '--parents',
    'COPY --parents dir/sub/y.md a.txt /new/',
    ['/new', '/new/a.txt', '/new/dir', '/new/dir/sub', '/new/dir/sub/y.md'],
  ],
  ['--parents from a pivot', 'COPY --parents dir/./sub/*.md /new/', ['/new', '/new/sub', '/new/sub/y.md']],
  ['out of the context and in again', 'COPY ../../a.txt /new', ['/new']],
  ['--link', 'COPY --link a.txt /l/m/n', ['/l', '/l/m', '/l/m/n']],
])('%s', async (_name, lines, expected) => {
  expect(await made([lines])).toEqual(expected);
});

test.each([
  ['COPY none /', 'file not found in build context'],
  ['COPY *.none /', 'file not found in build context'],
  ['COPY a.txt b.txt /new', 'the destination must be a directory and end with a /'],
  ['COPY a.txt /file/x', 'not a directory'],
  ['COPY --chown=nobody-here a.txt /', 'unable to find user nobody-here'],
  ['COPY --chmod=9 a.txt /', 'invalid chmod parameter'],
  ['COPY dir /file', 'cannot copy to non-directory'],
  ['COPY --from=scratch /a /b', 'file does not exist'],
  ['COPY [a /', 'syntax error in pattern'],
])('%s is refused', async (line, text) => {
  const dockerfile = ['FROM busybox', 'COPY a.txt /file', line].join('\n');
  await expect(build(rig, dockerfile, tree)).rejects.toThrow(text);
});

describe('whose files are', () => {
  const dockerfile = (copy: string) =>
    `FROM busybox\nRUN adduser -D -u 1234 me 2>/dev/null || echo me:x:1234:1234::/: >>/etc/passwd; echo crew:x:55: >>/etc/group\n${copy}\nRUN stat -c '%u:%g %a %n' /new/* /new`;
  test.each([
    ['COPY a.txt /new/', ['0:0 644 /new/a.txt', '0:0 755 /new']],
    ['COPY --chown=me a.txt /new/', ['1234:1234 644 /new/a.txt', '1234:1234 755 /new']],
    ['COPY --chown=me:crew --chmod=u=rw,go= a.txt /new/', ['1234:55 600 /new/a.txt', '1234:55 755 /new']],
    ['COPY --chown=7:8 --chmod=751 a.txt /new/', ['7:8 751 /new/a.txt', '7:8 755 /new']],
    ['COPY --chown=9 dir/x.txt /new/', ['9:9 644 /new/x.txt', '9:9 755 /new']],
  ])('%s', async (copy, expected) => {
    expect(
      outputOf(await build(rig, dockerfile(copy), tree))
        .trim()
        .split('\n'),
    ).toEqual(expected);
  });

  test('another stage’s stay what they are', async () => {
    const both = `FROM busybox AS one\nRUN mkdir -m 700 /o; echo x >/o/f; chown -R 5:6 /o; chmod 4755 /o/f\n${'FROM busybox'}\nCOPY --from=one /o /new\nRUN stat -c '%u:%g %a %n' /new/f /new`;
    expect(outputOf(await build(rig, both))).toBe('5:6 4755 /new/f\n5:6 700 /new\n');
  });
});

test('links inside of directories stay links, those that are named are followed; none leads out', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-links-'));
  try {
    await Bun.write(
      join(directory, 'Dockerfile'),
      'FROM busybox\nCOPY soft /named\nCOPY dir /dir\nCOPY out /out\nRUN ls -l /named /dir | tr -s " " | cut -d" " -f1,9-; cat /out',
    );
    await succeed([
      'sh',
      '-ec',
      `cd ${directory}; echo file >file; ln -s file soft; mkdir dir; ln -s ../file dir/soft; ln dir/soft dir/hard; ln -s /etc/hostname out; mkdir etc; echo ours >etc/hostname`,
    ]);
    const archive = new Blob([Bun.spawnSync(['tar', '-C', directory, '-cf', '-', '.']).stdout]).stream();
    const built = await build(rig, '', {}, { context: { kind: 'tar', archive } });
    expect(outputOf(built)).toContain('-rw-r--r-- /named');
    expect(outputOf(built)).toContain('soft -> ../file');
    expect(outputOf(built)).toEndWith('ours\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a destination that is a link leads where it does in the image', async () => {
  const dockerfile =
    'FROM busybox\nRUN mkdir /real; ln -s /real /link; ln -s /real/name /file\nCOPY a.txt /link/\nCOPY b.txt /file\nRUN cd /real; cat a.txt name; test -L /link; test -L /file';
  expect(outputOf(await build(rig, dockerfile, tree))).toBe('ab');
});

test('--link does not depend on what is below', async () => {
  const dockerfile = (line: string) => `FROM busybox\n${line}\nCOPY --link a.txt /l/`;
  await build(rig, dockerfile('RUN true'), tree);
  const other = await build(rig, dockerfile('RUN echo other >/other'), tree);
  expect(outcomes(other).at(-1)).toBe('COPY --link a.txt /l/: cached');
  expect(await listing(rig, other, '/l')).toEqual(['/l', '/l/a.txt']);
});

describe('.dockerignore', () => {
  const listed = async (files: Files) =>
    listing(rig, await build(rig, 'FROM scratch\nCOPY . /', { 'a.txt': 'a', 'b.md': 'b', ...files }));

  test('the client has left out what it names; it and the Dockerfile go here', async () => {
    expect(await listed({ '.dockerignore': '*.md\nDockerfile' })).toEqual([
      '/.dockerignore',
      '/a.txt',
      '/b.md',
    ]);
    expect(await listed({ '.dockerignore': '.*\n**/Docker*' })).toEqual(['/a.txt', '/b.md']);
    expect(await listed({ '.dockerignore': '*\n!Dockerfile' })).toEqual(['/Dockerfile', '/a.txt', '/b.md']);
  });

  test('one of the Dockerfile’s own comes first', async () => {
    const files = { '.dockerignore': 'Dockerfile', 'Dockerfile.dockerignore': '.dockerignore' };
    expect(await listed(files)).toEqual(['/Dockerfile', '/Dockerfile.dockerignore', '/a.txt', '/b.md']);
  });
});

describe('ADD', () => {
  test.each(['', 'z', 'J', 'j'])('unpacks archives (tar -%s)', async (flag) => {
    const directory = mkdtempSync(join(tmpdir(), 'gantry-add-'));
    try {
      await succeed([
        'sh',
        '-ec',
        `cd ${directory}; mkdir -p t/d; echo f >t/d/f; chown 3:4 t/d/f; tar -C t -c${flag}f archive .; printf 'FROM busybox\\nADD archive /new\\nADD --unpack=false archive /as-is\\nRUN stat -c %%u:%%g /new/d/f; test -f /as-is' >Dockerfile`,
      ]);
      const archive = new Blob([
        Bun.spawnSync(['tar', '-C', directory, '-cf', '-', 'Dockerfile', 'archive']).stdout,
      ]).stream();
      expect(outputOf(await build(rig, '', {}, { context: { kind: 'tar', archive } }))).toBe('3:4\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('fetches what a URL names, and compares it', async () => {
    await using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: ({ url }) =>
        url.endsWith('/none')
          ? new Response('', { status: 404 })
          : new Response('fetched', { headers: { 'Last-Modified': 'Fri, 02 Jan 2015 00:00:00 GMT' } }),
    });
    const url = `http://127.0.0.1:${server.port}`;
    const digest = new Bun.CryptoHasher('sha256').update('fetched').digest('hex');
    const dockerfile = `FROM busybox\nADD ${url}/some/file.txt /got/\nADD --checksum=sha256:${digest} ${url}/x /sum\nRUN cat /got/file.txt /sum; stat -c ' %a %Y' /sum`;
    expect(outputOf(await build(rig, dockerfile))).toBe('fetchedfetched 600 1420156800\n');
    await expect(
      build(rig, `FROM busybox\nADD --checksum=sha256:${'0'.repeat(64)} ${url}/x /`),
    ).rejects.toThrow('digest mismatch');
    await expect(build(rig, `FROM busybox\nADD ${url}/none /`)).rejects.toThrow('404');
    await expect(build(rig, `FROM busybox\nADD ${url}/ /`)).rejects.toThrow('cannot determine filename');
  });
});
