/** `RUN --mount=type=ssh`: OpenSSH's agent on this side, a process of the build on the other. */
import { afterAll, beforeAll, expect } from 'bun:test';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { debian } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const own = 'the command line is gantry’s';

let keys: string;
beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), 'gantry-keys-'));
  for (const name of ['one', 'two'])
    await succeed([
      'ssh-keygen',
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      `key ${name}`,
      '-f',
      join(keys, name),
    ]);
});
afterAll(() => rmSync(keys, { recursive: true }));

/** Asks the agent, by the protocol, and prints what it says: `keys`, `sign`, `remove-all`. */
const client = `
use IO::Socket::UNIX;
sub ask {
  my ($type, $body) = @_;
  my $agent = IO::Socket::UNIX->new(Peer => $ENV{SSH_AUTH_SOCK}) or do { print "no agent: $!\\n"; exit 1 };
  print $agent pack('N', 1 + length $body) . chr($type) . $body;
  $agent->flush;
  my ($length, $answer) = ('', '');
  read($agent, $length, 4) == 4 or do { print "no answer\\n"; exit 1 };
  read($agent, $answer, unpack('N', $length));
  return $answer;
}
sub strings { my @all; my $rest = shift; while (length $rest) { my $n = unpack('N', $rest); push @all, substr($rest, 4, $n); $rest = substr($rest, 4 + $n) } @all }
my @keys = strings(substr(ask(11, ''), 5));
my $string = sub { pack('N', length $_[0]) . $_[0] };
for (@ARGV) {
  if ($_ eq 'keys') { print join(', ', map { $keys[2 * $_ + 1] } 0 .. @keys / 2 - 1), "\\n" }
  if ($_ eq 'sign') { print 'signed: ', ord(ask(13, $string->($keys[0]) . $string->('data') . pack('N', 0))), "\\n" }
  if ($_ eq 'remove-all') { print 'removed: ', ord(ask(19, '')), "\\n" }
}
`;

let prepared = false;
async function context(engine: TestEngine, ...lines: string[]): Promise<string> {
  if (!prepared) await debian(engine);
  prepared = true;
  const directory = mkdtempSync(join(engine.directory, 'context-'));
  writeFileSync(join(directory, 'ask.pl'), client);
  writeFileSync(
    join(directory, 'Dockerfile'),
    ['FROM debian:bookworm', 'COPY ask.pl /', ...lines, ''].join('\n'),
  );
  return directory;
}

/** An agent with these keys, as of whoever sits at this machine. */
async function agentWith(
  ...names: string[]
): Promise<AsyncDisposable & { path: string; kill(): Promise<void> }> {
  const path = join(mkdtempSync(join(keys, 'agent-')), 'sock');
  const child = Bun.spawn(['ssh-agent', '-D', '-a', path], { stdout: 'ignore', stderr: 'ignore' });
  await eventually(async () => existsSync(path), 'the agent listens');
  const add = ['ssh-add', '-q', ...names.map((name) => join(keys, name))];
  await succeed(['env', `SSH_AUTH_SOCK=${path}`, ...add]);
  const kill = async () => {
    child.kill();
    await child.exited;
  };
  return { path, kill, [Symbol.asyncDispose]: kill };
}

const build = (engine: TestEngine, directory: string, args: string[], env: Record<string, string> = {}) =>
  engine.run('gantry', ['build', '--progress', 'plain', '--no-cache', ...args, directory], { env });

const nothingLeft = (engine: TestEngine) =>
  eventually(async () => {
    const run = join(engine.execRoot, 'build');
    return !existsSync(run) || readdirSync(run).length === 0;
  }, 'the sockets are gone');

once(
  'the agent signs for the build, and cannot be changed by it',
  async (engine) => {
    await using agent = await agentWith('one', 'two');
    const directory = await context(engine, 'RUN --mount=type=ssh perl /ask.pl keys sign remove-all keys');
    const built = await build(engine, directory, ['--ssh', 'default'], { SSH_AUTH_SOCK: agent.path });
    expect([built.code, built.stderr]).toEqual([0, expect.any(String)]);
    expect(built.stderr.match(/(?<=\d )(key|signed|removed).*/g)).toEqual([
      'key one, key two',
      'signed: 14',
      'removed: 5',
      'key one, key two',
    ]);
    await nothingLeft(engine);
  },
  own,
);

once(
  'keys from files, several agents, many at a time, for a user',
  async (engine) => {
    const many = 'for n in 1 2 3 4 5 6 7 8; do perl /ask.pl keys sign & done; wait';
    const directory = await context(
      engine,
      'USER 1234',
      `RUN --mount=type=ssh,id=a,uid=1234 --mount=type=ssh,id=b,target=/tmp/b.sock,uid=1234,mode=0600 ${many}; SSH_AUTH_SOCK=/tmp/b.sock perl /ask.pl keys`,
      'RUN test -z "$SSH_AUTH_SOCK" && test ! -e /tmp/b.sock && test ! -e /run/buildkit',
    );
    await using agent = await agentWith('two');
    const built = await build(engine, directory, ['--ssh', `a=${keys}/one`, '--ssh', `b=${agent.path}`]);
    expect([built.code, built.stderr]).toEqual([0, expect.any(String)]);
    expect(built.stderr.match(/\d key one$/gm)).toHaveLength(8);
    expect(built.stderr.match(/\d signed: 14$/gm)).toHaveLength(8);
    expect(built.stderr.match(/\d key two$/gm)).toHaveLength(1);
    const agents = await succeed(['ps', '-eo', 'args']);
    expect(agents).not.toContain('SSH_AGENT_PID $SSH_AUTH_SOCK');
    await nothingLeft(engine);
  },
  own,
);

once(
  'without an agent the step goes without, or says so',
  async (engine) => {
    const without = await context(engine, 'RUN --mount=type=ssh echo "agent: <$SSH_AUTH_SOCK>"');
    expect((await build(engine, without, [])).stderr).toContain('agent: <>');
    const required = await context(engine, 'RUN --mount=type=ssh,required,id=x true');
    const refusal = 'no SSH key "x" forwarded from the client';
    expect(await build(engine, required, [])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(refusal),
    });
    const other = await build(engine, required, ['--ssh', `y=${keys}/one`]);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) });
    const classic = await engine.run('docker', ['build', required], { env: { DOCKER_BUILDKIT: '0' } });
    expect(classic).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) });
  },
  own,
);

once(
  'what is no key, and an agent that has gone',
  async (engine) => {
    const directory = await context(engine, 'RUN --mount=type=ssh perl /ask.pl keys');
    writeFileSync(join(keys, 'garbage'), 'no key');
    chmodSync(join(keys, 'garbage'), 0o600);
    const garbage = await build(engine, directory, ['--ssh', `default=${keys}/garbage`]);
    expect(garbage).toMatchObject({ code: 1, stderr: expect.stringContaining('failed to load SSH keys') });
    const agent = await agentWith('one');
    await agent.kill();
    const gone = await build(engine, directory, ['--ssh', 'default'], { SSH_AUTH_SOCK: agent.path });
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('no answer')]);
    await nothingLeft(engine);
  },
  own,
);

once(
  'an agent whose build never comes does not stay with the daemon',
  async (engine) => {
    const sockets = () => readdirSync(`/proc/${engine.daemonPid}/fd`).length;
    const before = sockets();
    for (let count = 0; count < 20; count++) {
      const socket = connect(engine.socket);
      socket.write(
        'POST /gantry/agents?session=never HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
      );
      await new Promise((resolve) => socket.once('data', resolve));
      socket.end();
      socket.destroy();
    }
    await eventually(async () => sockets() <= before + 2, 'the connections are closed');
  },
  own,
);
