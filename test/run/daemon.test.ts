/** The daemon's own flags, and TLS by both command lines. gantry's alone: Docker's daemon has other flags. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, eventually, type Result, succeed } from '../rig/command.ts';
import { dockerBinary, gantryBinary, isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { TestNetwork } from '../rig/netns.ts';

const directory = mkdtempSync(join(tmpdir(), 'gd-'));
const file = (name: string) => join(directory, name);
let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.create();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const daemonArgv = (...flags: string[]) => [
  ...network.prefix,
  ...[gantryBinary, 'daemon', '--data-root', file('data'), '--exec-root', file('exec')],
  ...['--pidfile', file('pid'), '--bridge', 'none', ...flags],
];

/** A daemon that is expected to refuse. */
async function refusal(...flags: string[]): Promise<string> {
  const result = await command(daemonArgv(...flags), { timeout: 5000 });
  expect([flags, result.code]).toEqual([flags, 1]);
  return result.stderr;
}

if (!isGantry) test('differs: the daemon: its flags are gantry’s own', () => {});
else {
  test('flags and files that make no sense are refused', async () => {
    const host = ['-H', `unix://${file('s')}`];
    expect(await refusal(...host, '--log-level', 'loud')).toContain('invalid logging level: loud');
    expect(await refusal('-H', 'nowhere')).toContain('Invalid bind address format: nowhere');
    expect(await refusal('-H', 'tcp://0.0.0.0:99999')).toContain('Invalid bind address format');
    expect(await refusal(...host, '--nope')).toContain("Unknown option '--nope'");
    expect(await refusal(...host, '--dns', 'foo')).toContain('foo is not an ip address');
    expect(await refusal(...host, '--bridge', 'gt9', '--bip', '10.1.2.3/33')).toContain(
      'invalid CIDR address: 10.1.2.3/33',
    );
    expect(await refusal(...host, '--storage-driver', 'zfs')).toContain('storage driver "zfs" is not known');
    expect(await refusal(...host, '--log-opt', 'max-size=x')).toContain("invalid size: 'x'");
    expect(await refusal(...host, '--log-opt', 'foo=1')).toContain("unknown log opt 'foo'");
    expect(await refusal(...host, '--thin-layers=maybe')).toContain('maybe is neither true nor false');
    expect(await refusal(...host, '--group', 'no-such-group')).toContain('group no-such-group not found');
    expect(await refusal(...host, '--config-file', file('none'))).toContain('unable to configure the daemon');
    const config = async (value: string, ...flags: string[]) => {
      await Bun.write(file('c.json'), value);
      return refusal(...flags, '--config-file', file('c.json'));
    };
    expect(await config('{bad', ...host)).toContain('unable to configure the daemon with file');
    expect(await config('{"hosts":["unix:///x"]}', ...host)).toContain(
      'specified both as a flag and in the configuration file: hosts',
    );
    expect(await config('{"dnss":[]}', ...host)).toContain("don't match any configuration option: dnss");
    expect(await config('{"log-opts":{"max-size":1}}', ...host)).toContain('log-opts');
  }, 60_000);

  test('not root', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const result = await command([...nobody, ...daemonArgv('-H', `unix://${file('s')}`).slice(2)]);
    expect([result.code, result.stderr]).toEqual([1, expect.stringContaining('root privileges')]);
  });

  test('a configuration file, vfs and an address of its own', async () => {
    const config = file('daemon.json');
    const settings = {
      labels: ['a=b'],
      'storage-driver': 'vfs',
      bip: '10.55.0.1/24',
      'log-opts': { 'max-size': '1m' },
    };
    await Bun.write(config, JSON.stringify(settings));
    await using engine = await TestEngine.start({ flags: ['--config-file', config] });
    await busybox(engine);
    expect(await engine.ok('gantry', 'info', '-f', '{{.Driver}} {{.Labels}}')).toBe('vfs [a=b]');
    expect(await engine.ok('gantry', 'run', '--rm', 'busybox', 'ip', '-o', 'addr', 'show', 'eth0')).toContain(
      '10.55.0.',
    );
    const id = await engine.ok('gantry', 'create', 'busybox');
    expect(
      await engine.ok('gantry', 'inspect', '-f', '{{index .HostConfig.LogConfig.Config "max-size"}}', id),
    ).toBe('1m');
    const again = await command([
      ...engine.network.prefix,
      gantryBinary,
      'daemon',
      '--pidfile',
      `${engine.directory}/pid`,
      '--data-root',
      file('other'),
      '--exec-root',
      file('other-exec'),
      '-H',
      `unix://${file('o')}`,
    ]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is still running')]);
  }, 60_000);

  test('TLS: with the right certificate, a stranger’s, and none', async () => {
    await certificates();
    const server = [
      '--tlscacert',
      file('ca.pem'),
      '--tlscert',
      file('server.pem'),
      '--tlskey',
      file('server.key'),
    ];
    const daemon = Bun.spawn(
      daemonArgv('-H', `unix://${file('s')}`, '-H', 'tcp://127.0.0.1:2376', '--tlsverify', ...server),
      {
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'ignore',
      },
    );
    try {
      await eventually(
        async () => (await fetch('http://engine/_ping', { unix: file('s') })).ok,
        'the daemon answers',
      );
      for (const cli of [dockerBinary, gantryBinary]) {
        const version = (...tls: string[]): Promise<Result> => {
          const line = [cli, '-H', 'tcp://127.0.0.1:2376', ...tls, 'version', '-f', '{{.Server.Os}}'];
          return command([...network.prefix, ...line], { timeout: 10_000 });
        };
        const pair = (name: string) => ['--tlscert', file(`${name}.pem`), '--tlskey', file(`${name}.key`)];
        const verify = ['--tlsverify', '--tlscacert'];
        const good = await version(...verify, file('ca.pem'), ...pair('client'));
        expect([cli, good.code, good.stdout.trim()]).toEqual([cli, 0, 'linux']);
        const refused = [
          await version(...verify, file('ca.pem'), ...pair('stranger')),
          await version(...verify, file('stranger-ca.pem'), ...pair('client')),
          await version(),
        ];
        for (const { code, stderr } of refused)
          expect([cli, code, stderr]).toEqual([
            cli,
            1,
            expect.stringMatching(/error during connect|Cannot connect/),
          ]);
        const missing = await version(...verify, '/no/such.pem');
        expect([cli, missing.code, missing.stderr]).toEqual([
          cli,
          1,
          expect.stringContaining('/no/such.pem'),
        ]);
      }
    } finally {
      daemon.kill();
      await daemon.exited;
    }
  }, 60_000);
}

async function certificates(): Promise<void> {
  const script = `set -e; cd ${directory}
    ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -subj /CN=$1 -days 2; }
    made() { openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1
      printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nextendedKeyUsage='$3 > ext
      openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -out $1.pem -days 2 -extfile ext; }
    ca ca; ca stranger-ca; made server ca serverAuth; made client ca clientAuth; made stranger stranger-ca clientAuth`;
  await succeed(['sh', '-c', script]);
}
