/** Every form of -v, --mount, --tmpfs and --volumes-from: ours means, or is refused, as the Docker CLI's. */
import { describe, expect, test } from 'bun:test';
import { type Answer, asGantry, both, meaning, noOracle, type Seen } from './oracle.ts';

const answers: Record<string, Answer> = {
  'POST /containers/create': { status: 201, body: { Id: 'abc', Warnings: [] } },
};

const lines: readonly string[] = [
  // -v
  '-v /a:/b:ro,z,rshared,cached -v v:/c:nocopy,Z,rw -v w:/d:consistent busybox',
  '-v ./x:/y:ro -v .:/z -v ../up:/u -v .hidden:/h busybox',
  '-v ~:/home -v ~/x:/y busybox',
  '-v x/y:/z busybox',
  '-v /anon -v /anon -v other busybox',
  '-v /a:/b -v /a:/b busybox',
  '-v /a:/b:U busybox',
  '-v /a:/b:uid=5,gid=6 -v v:/v:idmap busybox',
  '-v /:/host:ro -v v:/ busybox',
  '-v C:/x:/y busybox',
  '-v a:b:c:d:e busybox',
  '-v : busybox',
  '-v a::b busybox',
  '-v :: busybox',
  '-v= busybox',
  // --mount, kinds
  '--mount type=bind,source=/a,target=/b busybox',
  '--mount type=BIND,src=/a,dst=/b busybox',
  '--mount target=/b busybox',
  '--mount source=v,destination=/b,readonly busybox',
  '--mount type=cluster,src=c,dst=/c busybox',
  '--mount type=npipe,src=c,dst=/c busybox',
  '--mount type=foo,dst=/c busybox',
  '--mount type=image,src=busybox,dst=/c busybox',
  '--mount type=image,source=busybox:1,destination=/c,image-subpath=a/b,readonly busybox',
  '--mount type=tmpfs,dst=/t busybox',
  '--mount type=tmpfs,dst=/t,tmpfs-size=1048576,tmpfs-mode=0700,ro busybox',
  // sources
  '--mount type=bind,src=./a,dst=/b busybox',
  '--mount type=bind,src=.,dst=/b busybox',
  '--mount type=bind,src=../a,dst=/b busybox',
  '--mount type=bind,src=a,dst=/b busybox',
  '--mount type=bind,src=,dst=/b busybox',
  '--mount type=bind,src=/a=b,dst=/b busybox',
  // bind
  '--mount type=bind,src=/a,dst=/b,bind-propagation=rprivate busybox',
  '--mount type=bind,src=/a,dst=/b,bind-propagation=RSHARED busybox',
  '--mount type=bind,src=/a,dst=/b,bind-propagation=foo busybox',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=enabled busybox',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=disabled busybox',
  '--mount type=bind,src=/a,dst=/b,ro,bind-recursive=writable busybox',
  '--mount type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate busybox',
  '--mount type=bind,src=/a,dst=/b,bind-nonrecursive busybox',
  '--mount type=bind,src=/a,dst=/b,bind-nonrecursive=false busybox',
  '--mount type=bind,src=/a,dst=/b,consistency=CACHED busybox',
  '--mount type=bind,src=/a,dst=/b,readonly=1,ro=false busybox',
  // volume
  '--mount type=volume,src=v,dst=/v,volume-nocopy=true,volume-subpath=a/b busybox',
  '--mount type=volume,src=v,dst=/v,volume-label=a=b,volume-label=c,volume-label= busybox',
  '--mount type=volume,src=v,dst=/v,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs busybox',
  // others
  '--tmpfs /a --tmpfs /b: --tmpfs /c:size=1m,mode=700 --tmpfs /a:ro busybox',
  '--volumes-from a --volumes-from b:ro,z --volumes-from a busybox',
];

const refused: readonly string[] = [
  '-v /a:/b: busybox',
  '-v name:/x:ro,nocopy:extra busybox',
  '-v ::: busybox',
  '-v name::/x busybox',
  '-v /a: busybox',
  '--mount= busybox',
  '--mount type=,dst=/x busybox',
  '--mount type=bind,src=/a busybox',
  '--mount type=bind,src=/a,dst= busybox',
  '--mount type=bind,src=/a,dst=/b,foo busybox',
  '--mount type=bind,src=/a,dst=/b,foo=bar busybox',
  '--mount type=bind,src=/a,dst=/b,volume-opt=a=b busybox',
  '--mount type=volume,dst=/b,bind-propagation=shared busybox',
  '--mount type=volume,dst=/b,tmpfs-size=1 busybox',
  '--mount type=bind,src=/a,dst=/b,image-subpath=a busybox',
  '--mount type=tmpfs,dst=/b,volume-nocopy busybox',
  '--mount type=tmpfs,dst=/b,tmpfs-mode=9 busybox',
  '--mount type=tmpfs,dst=/b,tmpfs-mode= busybox',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=foo busybox',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=writable busybox',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=readonly busybox',
  '--mount type=bind,src=/a,dst=/b,ro,bind-recursive=readonly busybox',
  '--mount type=bind,src=/a,dst=/b,bind-nonrecursive=x busybox',
  '--mount type=volume,dst=/b,volume-nocopy=x busybox',
  '--mount type=bind,src=/a,dst=/b,tmpfs-options=exec busybox',
  '--mount type=bind,src=/a,,dst=/b busybox',
  '--mount type=bind,=x,dst=/b busybox',
  `--mount type=bind,src='a",dst=/b busybox`,
];

const createCall = (seen: readonly Seen[]) => {
  const call = seen.find(({ path }) => path.startsWith('/containers/create'));
  return call && { path: call.path, body: meaning(call.body) };
};

describe.skipIf(noOracle)('mounts mean what they mean to the Docker CLI', () => {
  test.each(lines)('%s', async (line) => {
    const { docker, gantry } = await both(['create', ...line.split(' ')], answers);
    expect(gantry.stderr).toBe(asGantry(docker.stderr));
    expect(createCall(gantry.seen)).toEqual(createCall(docker.seen));
    expect(gantry.code).toBe(docker.code);
  });
});

describe.skipIf(noOracle)('mounts that are refused have the Docker CLI’s text and code', () => {
  test.each(refused)('%s', async (line) => {
    const { docker, gantry } = await both(['create', ...line.split(' ')], answers);
    expect(docker.code).not.toBe(0);
    expect(gantry.stderr).toBe(asGantry(docker.stderr));
    expect(gantry.code).toBe(docker.code);
  });
});

describe('what only gantry has', () => {
  const body = async (mount: string) => {
    const { gantry } = await both(['create', '--mount', mount, 'busybox'], answers);
    expect(gantry.stderr).toBe('');
    const call = createCall(gantry.seen)?.body as { HostConfig: { Mounts: unknown[] } };
    return call.HostConfig.Mounts[0];
  };
  test('the owner of what is fresh', async () => {
    expect(await body('type=bind,src=/a,dst=/b,bind-create-src,uid=1000,gid=100,mode=0750')).toEqual({
      Type: 'bind',
      Source: '/a',
      Target: '/b',
      BindOptions: { CreateMountpoint: true, UID: 1000, GID: 100, Mode: 0o750 },
    });
  });
  test('id-mapped mounts', async () => {
    expect(await body('type=volume,src=v,dst=/b,idmap=uids=1-1000-1#5-6-7;gids=2-100-1')).toMatchObject({
      VolumeOptions: {
        IDMap: {
          UIDs: [
            { From: 1, To: 1000, Count: 1 },
            { From: 5, To: 6, Count: 7 },
          ],
          GIDs: [{ From: 2, To: 100, Count: 1 }],
        },
      },
    });
  });
  test.each([
    ['type=tmpfs,dst=/b,uid=5', "cannot mix 'uid' with mount type 'tmpfs'"],
    ['type=bind,src=/a,dst=/b,uid=x', 'invalid number: x'],
    ['type=bind,src=/a,dst=/b,mode=8', 'invalid number: 8'],
    ['type=bind,src=/a,dst=/b,idmap=x', "invalid idmap 'x'"],
  ])('%s is refused', async (mount, text) => {
    const { gantry } = await both(['create', '--mount', mount, 'busybox'], answers);
    expect(gantry.stderr).toContain(text);
    expect(gantry.code).toBe(125);
  });
});
