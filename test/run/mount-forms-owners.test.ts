/** Beyond Docker: uid=, gid=, mode= and idmap on binds and volumes, by -v (with any client) and by --mount (with ours). */
import { expect } from 'bun:test';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostDirectory } from '../rig/mounts.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const ours = 'Docker has no such thing';
const owner = (path: string) => {
  const { uid, gid, mode } = statSync(path);
  return [uid, gid, (mode & 0o7777).toString(8)];
};

each(
  'owner and mode of a fresh volume, whose content is the image’s',
  async (cli, engine) => {
    const name = `owned-${cli}`;
    const volume = `-v ${name}:/var:uid=1000,gid=100,mode=2750`.split(' ');
    const stat = sh('stat -c "%u %g %a" /var; ls /var');
    expect(await engine.ok(cli, 'run', '--rm', ...volume, ...stat)).toBe('1000 100 2750\nspool');
    // It is not fresh any more.
    expect(await engine.ok(cli, 'run', '--rm', '-v', `${name}:/var:uid=7`, ...stat)).toBe(
      '1000 100 2750\nspool',
    );
    await engine.ok(
      cli,
      'run',
      '--rm',
      '-u',
      '1000',
      '-v',
      `${name}-2:/d:uid=1000,nocopy`,
      ...sh('touch /d/mine'),
    );
    const id = await engine.ok(cli, 'create', '-v', `${name}:/var:mode=700,ro`, 'busybox');
    expect(await engine.ok(cli, 'inspect', '-f', '{{range .Mounts}}{{.Mode}} {{.RW}}{{end}}', id)).toBe(
      'mode=700,ro false',
    );
    await engine.ok(cli, 'rm', id);
    await engine.ok(cli, 'volume', 'rm', name, `${name}-2`);
  },
  ours,
);

each(
  'owner and mode of a directory that is made for a bind',
  async (cli, engine) => {
    const host = hostDirectory(engine);
    await engine.ok(
      cli,
      'run',
      '--rm',
      '-u',
      '5:6',
      '-v',
      `${host}/a/b:/m:uid=5,gid=6,mode=0700`,
      ...sh('touch /m/f'),
    );
    expect(owner(join(host, 'a/b'))).toEqual([5, 6, '700']);
    expect(owner(join(host, 'a'))).toEqual([0, 0, '755']);
    await engine.ok(cli, 'run', '--rm', '-v', `${host}/a/b:/m:uid=9`, ...sh('true'));
    expect(owner(join(host, 'a/b'))).toEqual([5, 6, '700']);
  },
  ours,
);

each(
  'idmap alone: the container’s user and the owner of the source are one',
  async (cli, engine) => {
    const host = hostDirectory(engine);
    chownSync(host, 1234, 2345);
    writeFileSync(join(host, 'f'), 'x');
    chownSync(join(host, 'f'), 1234, 2345);
    const run = (user: string, script: string) =>
      engine.ok(cli, 'run', '--rm', ...(user ? ['-u', user] : []), '-v', `${host}:/m:idmap`, ...sh(script));
    expect(await run('33:7', 'stat -c "%u %g" /m /m/f; touch /m/made; stat -c "%u %g" /m/made')).toBe(
      '33 7\n33 7\n33 7',
    );
    expect(owner(join(host, 'made')).slice(0, 2)).toEqual([1234, 2345]);
    expect(await run('www-data', 'stat -c "%u %g" /m')).toBe('33 33');
    expect(await run('', 'stat -c "%u %g" /m; touch /m/root; chown 5:6 /m/root')).toBe('0 0');
    expect(owner(join(host, 'root')).slice(0, 2)).toEqual([5, 6]);
    // On disk and on every other mount nothing has changed.
    expect(owner(host).slice(0, 2)).toEqual([1234, 2345]);
  },
  ours,
);

each(
  'idmap by ranges; what is outside of them is nobody’s',
  async (cli, engine) => {
    const host = hostDirectory(engine);
    for (const [file, id] of [
      ['root', 0],
      ['user', 1000],
      ['other', 5],
    ] as const) {
      writeFileSync(join(host, file), '');
      chownSync(join(host, file), id, id);
    }
    const volume = `${host}:/m:idmap=uids=0-1000-1#1000-0-1;gids=0-100-1`;
    expect(
      await engine.ok(cli, 'run', '--rm', '-v', volume, ...sh('cd /m; stat -c "%n %u %g" root user other')),
    ).toBe('root 1000 100\nuser 0 65534\nother 65534 65534');
  },
  ours,
);

once(
  'the same by --mount, in the API and in what inspect shows',
  async (engine) => {
    const host = hostDirectory(engine);
    const mounts = [
      `type=bind,src=${host}/made,dst=/b,bind-create-src,uid=1,gid=2,mode=0711,idmap=uids=1-33-1;gids=2-33-1`,
      'type=volume,src=byuid,dst=/v,uid=3,idmap',
    ].flatMap((mount) => ['--mount', mount]);
    const id = await engine.ok('gantry', 'create', ...mounts, ...sh('stat -c "%u %g %a" /b /v'));
    expect(await engine.ok('gantry', 'start', '-a', id)).toBe('33 33 711\n0 0 755');
    const [{ HostConfig }] = JSON.parse(await engine.ok('gantry', 'inspect', id));
    expect(HostConfig.Mounts).toEqual([
      {
        Type: 'bind',
        Source: `${host}/made`,
        Target: '/b',
        BindOptions: {
          CreateMountpoint: true,
          UID: 1,
          GID: 2,
          Mode: 0o711,
          IDMap: { UIDs: [{ From: 1, To: 33, Count: 1 }], GIDs: [{ From: 2, To: 33, Count: 1 }] },
        },
      },
      { Type: 'volume', Source: 'byuid', Target: '/v', VolumeOptions: { UID: 3, IDMap: {} } },
    ]);
    await engine.ok('gantry', 'rm', id);
    await engine.ok('gantry', 'volume', 'rm', 'byuid');
  },
  ours,
);

each(
  'what cannot be is said',
  async (cli, engine) => {
    const refused = async (volume: string, text: string) =>
      expect((await engine.run(cli, ['run', '--rm', '-v', volume, ...sh('true')])).stderr).toContain(text);
    await refused('v1:/m:uid=x', 'invalid value for uid: x');
    await refused('v1:/m:uid=1,uid=2', 'option uid is given twice');
    await refused('v1:/m:mode=9', 'invalid value for mode: 9');
    await refused('v1:/m:uid=4294967296', 'UID must be 0 to 2147483647');
    await refused('v1:/m:idmap=uids=0-1', "invalid idmap range '0-1'");
    await refused('v1:/m:idmap=uids=0-1-2#1-9-1', 'idmap ranges overlap');
    // proc has no id-mapped mounts.
    await refused('/proc/sys:/m:idmap=uids=0-5-1', 'its file system has no id-mapped mounts');
    const nobody = await engine.run(cli, [
      'run',
      '--rm',
      '-u',
      'nobodyhere',
      '-v',
      '/tmp:/m:idmap',
      ...sh('true'),
    ]);
    expect(nobody.stderr).toContain('unable to find user nobodyhere');
  },
  ours,
);
