/** On a real pty: questions of login, and progress beside what the Docker CLI leaves on the screen. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Screen } from '../rig/screen.ts';
import { CannedServer, noOracle } from './oracle.ts';

const gantry = [process.execPath, new URL('../../src/main.ts', import.meta.url).pathname];

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-tty-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Session {
  size?: [rows: number, columns: number];
  /** What is typed when a text has appeared; each once, in order. */
  typed?: [after: string, text: string][];
  host: string;
  /** Called with what is on the screen whenever that may have changed. */
  onFrame?: (lines: string[]) => void;
}

async function onTerminal(argv: string[], session: Session) {
  const { size: [rows, columns] = [24, 80], typed = [], host, onFrame } = session;
  const screen = new Screen(rows, columns);
  const answers = [...typed];
  let output = '';
  let seen = 0;
  const child = Bun.spawn(argv, {
    env: { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: directory, DOCKER_CLI_HINTS: 'false' },
    terminal: {
      cols: columns,
      rows,
      data(terminal, data) {
        screen.write(data);
        onFrame?.(screen.lines);
        output += Buffer.from(data).toString();
        const next = answers[0];
        if (!next || !output.slice(seen).includes(next[0])) return;
        answers.shift();
        seen = output.length;
        terminal.write(next[1]);
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  return { code, output, screen };
}

describe('login', () => {
  const accepts = () =>
    new CannedServer({ 'POST /auth': { body: { Status: 'Login Succeeded', IdentityToken: '' } } });

  test('asks for name and password, which is not shown', async () => {
    using server = accepts();
    const { code, output } = await onTerminal([...gantry, 'login', 'reg.example'], {
      host: server.host,
      typed: [
        ['Username: ', 'someone\n'],
        ['Password: ', 'hidden\n'],
      ],
    });
    expect(output).toContain('Username: someone\r\nPassword: \r\n');
    expect(output).not.toContain('hidden');
    expect(output).toEndWith('Login Succeeded\r\n');
    expect(code).toBe(0);
    expect(server.seen.at(-1)?.body).toEqual({
      username: 'someone',
      password: 'hidden',
      serveraddress: 'reg.example',
    });
    const config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
    expect(config.auths['reg.example']).toEqual({ auth: Buffer.from('someone:hidden').toString('base64') });
  });

  test.each([
    ['no name', [['Username: ', '\n']], 'Error: Non-null Username Required'],
    [
      'no password',
      [
        ['Username: ', 'x\n'],
        ['Password: ', '\n'],
      ],
      'Error: Password Required',
    ],
  ] as [string, [string, string][], string][])('%s', async (_, typed, message) => {
    using server = accepts();
    const { code, output } = await onTerminal([...gantry, 'login', 'other.example'], {
      host: server.host,
      typed,
    });
    expect(output).toEndWith(`${message}\r\n`);
    expect([code, server.seen]).toEqual([1, []]);
  });

  test('ctrl-C while the password is asked for leaves a terminal that shows what is typed', async () => {
    using server = accepts();
    const login = [...gantry, 'login', '-u', 'x', 'other.example'].map((word) => `'${word}'`).join(' ');
    // The shell lives on: it has the signal caught, and the child the default.
    const script = `trap : INT; ${login}; echo "code $?"; stty -a`;
    const { output } = await onTerminal(['sh', '-c', script], {
      host: server.host,
      typed: [['Password: ', '\x03']],
    });
    expect(output).toContain('code 130\r\n');
    expect(output).toMatch(/ echo /);
  });
});

const layer = (index: number) => String(index).padStart(12, 'a');
const line = (value: object) => `${JSON.stringify(value)}\r\n`;

function pullOf(count: number) {
  const layers = Array.from({ length: count }, (_, index) => layer(index));
  const each = (status: string, progressDetail: object = {}) =>
    layers.map((id) => line({ status, progressDetail, id })).join('');
  return [
    line({ status: 'Pulling from library/x', id: 'latest' }) + each('Pulling fs layer'),
    each('Downloading', { current: 20_000_000, total: 100_000_000 }),
    each('Downloading', { current: 80_000_000, total: 100_000_000 }),
    each('Extracting', { current: 50_000_000, total: 100_000_000 }),
    each('Pull complete') + line({ status: 'Digest: sha256:1' }) + line({ status: 'Status: Downloaded' }),
  ];
}

/** A daemon that sends each part when `ready` says so. */
function daemonOf(parts: readonly string[], ready: (part: number) => Promise<void>) {
  const headers = { 'Api-Version': '1.51', Ostype: 'linux', 'Content-Type': 'application/json' };
  async function* body() {
    for (const [index, part] of parts.entries()) {
      await ready(index);
      yield part;
    }
  }
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: ({ url }) => new Response(url.endsWith('/_ping') ? 'OK' : body(), { headers }),
  });
}

describe('pull', () => {
  /** `shown`: the lines that must have been on the screen before each part but the first is sent. */
  const pull = async (program: string[], count: number, size: [number, number], shown: RegExp[][] = []) => {
    const waiting: { wanted: RegExp[]; go: () => void }[] = [];
    const daemon = daemonOf(pullOf(count), (part) => {
      const wanted = shown[part - 1];
      return wanted ? new Promise((go) => waiting.push({ wanted, go })) : Promise.resolve();
    });
    const onFrame = (lines: string[]) => {
      const [next] = waiting;
      if (!next?.wanted.every((pattern) => lines.some((one) => pattern.test(one)))) return;
      waiting.shift();
      next.go();
    };
    try {
      return await onTerminal([...program, 'pull', 'x'], {
        host: `tcp://127.0.0.1:${daemon.port}`,
        size,
        onFrame,
      });
    } finally {
      await daemon.stop(true);
    }
  };

  test.skipIf(noOracle)('leaves on the screen what the Docker CLI leaves', async () => {
    const size: [number, number] = [20, 130];
    const [docker, ours] = await Promise.all([pull(['docker'], 3, size), pull(gantry, 3, size)]);
    expect(ours.code).toBe(0);
    expect(ours.screen.lines).toEqual(docker.screen.lines);
  });

  test('shows a bar for each layer, and what they come to', async () => {
    const rows = (status: string, filled: number, amount: string) =>
      [0, 1, 2].map(
        (index) =>
          new RegExp(`^${layer(index)}: ${status} \\[={${filled}}> {${49 - filled}}\\] +${amount}/100MB`),
      );
    const { code } = await pull(
      gantry,
      3,
      [20, 130],
      [
        [/^a+0: Pulling fs layer$/, /^0\/3 layers$/],
        [...rows('Downloading', 10, '20MB'), /^0\/3 layers, 60MB\/300MB/],
        [...rows('Downloading', 40, '80MB'), /^0\/3 layers, 240MB\/300MB, [\d.]+[kM]B\/s, \S+ left$/],
        [...rows('Extracting', 25, '50MB'), /^0\/3 layers, 300MB\/300MB$/],
      ],
    );
    expect(code).toBe(0);
  });

  test('with more layers than the screen has lines, in a narrow one, everything appears once', async () => {
    const { screen } = await pull(gantry, 15, [8, 40], [[/^… and 10 more$/], [/^0\/15 layers/]]);
    const { scrolled, lines, wrapped } = screen;
    expect(wrapped).toBe(0);
    expect([...scrolled, ...lines]).toEqual([
      'Using default tag: latest',
      'latest: Pulling from library/x',
      ...Array.from({ length: 15 }, (_, index) => `${layer(index)}: Pull complete`),
      'Digest: sha256:1',
      'Status: Downloaded',
      'docker.io/library/x:latest',
    ]);
  });
});
