import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { operations, Rig, sh } from './rig.ts';

/** Rules taken from moby's jsonlog (ffjsonWriteJSONBytesAsString) and copier. */
describe('json-file', () => {
  test('is what Docker writes', async () => {
    await using rig = new Rig();
    const script = String.raw`printf 'a"b\\c <&> \t\r\n'; echo err >&2; printf '\377\303\251\n\n'; printf '\342\200\250end'`;
    const c = await rig.start(operations(sh(script)), { logExtra: ',"attrs":{"tag":"t"}' });
    await c.gone;
    const raw = readFileSync(c.launch.logPath, 'utf8');
    const stdout = raw.split('\n').filter((line) => line.includes('"stream":"stdout"'));
    const texts = stdout.map(
      (line) => /^{"log":"(.*)","stream":"stdout","attrs":{"tag":"t"},"time":"[^"]*"}$/.exec(line)?.[1],
    );
    expect(texts).toEqual([
      String.raw`a\"b\\c \u003c\u0026\u003e \u0009\r\n`,
      '\\ufffd\u00e9\\n',
      String.raw`\n`,
      String.raw`\u2028end`,
    ]);
    for (const { time } of c.log()) {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/);
      expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
    }
    expect(
      c
        .log()
        .filter((line) => line.stream === 'stderr')
        .map((line) => line.log),
    ).toEqual(['err\n']);
  });

  test('long lines are cut into pieces of 16 KiB of which only the last has the newline', async () => {
    await using rig = new Rig();
    const c = await rig.start(
      operations(
        sh(`head -c 40000 /dev/zero | tr '\\0' x; echo; head -c 16384 /dev/zero | tr '\\0' y; echo`),
      ),
    );
    await c.gone;
    expect(c.log().map((line) => [line.log.length, line.log.endsWith('\n')])).toEqual([
      [16384, false],
      [16384, false],
      [7233, true],
      [16384, false],
      [1, true],
    ]);
  });

  test('a line that is written in parts is one line', async () => {
    await using rig = new Rig();
    const c = await rig.start(
      operations(sh('printf one; sleep 0.05; printf " two"; sleep 0.05; echo " three"')),
    );
    await c.gone;
    expect(c.log().map((line) => line.log)).toEqual(['one two three\n']);
  });

  test('an existing log is continued', async () => {
    await using rig = new Rig();
    const logPath = `${rig.dir}/log`;
    for (const word of ['first', 'second'])
      await (await rig.start(operations(['echo', word]), { logPath })).gone;
    const lines = readFileSync(logPath, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).log)).toEqual(['first\n', 'second\n']);
  });

  test('a log that cannot be opened is a warning', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['true']), { logPath: `${rig.dir}/none/log` });
    expect((await c.until('warning')).detail).toContain('/none/log');
    expect((await c.until('exited')).code).toBe(0);
  });

  test('a full disk loses lines, never half of one, and never the container', async () => {
    await using rig = new Rig();
    const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', rig.dir]);
    expect(mounted.exitCode).toBe(0);
    try {
      const c = await rig.start(operations(sh('yes 0123456789 | head -n 20000; rm -f filler; echo done')), {
        logPath: `${rig.dir}/log`,
      });
      expect((await c.until('exited')).code).toBe(0);
      const text = readFileSync(c.launch.logPath, 'utf8');
      expect(text.length).toBeGreaterThan(10_000);
      for (const line of text.trimEnd().split('\n')) JSON.parse(line);
    } finally {
      Bun.spawnSync(['umount', '-l', rig.dir]);
    }
  });
});

describe('rotation', () => {
  const lines = 3000;
  const script = sh(`i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); done`);
  const numbers = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(JSON.parse(line).log.slice(5)));

  test('keeps max-file files of max-size, whole lines and nothing twice', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(script), { logMaxSize: 50_000, logMaxFiles: 3 });
    await c.gone;
    const { logPath } = c.launch;
    expect(existsSync(`${logPath}.3`)).toBe(false);
    const kept = [`${logPath}.2`, `${logPath}.1`, logPath].flatMap(numbers);
    expect(kept.at(-1)).toBe(lines - 1);
    expect(kept).toEqual(Array.from(kept, (_, i) => lines - kept.length + i));
    for (const suffix of ['.1', '.2']) {
      expect(statSync(logPath + suffix).size).toBeGreaterThanOrEqual(50_000);
      expect(statSync(logPath + suffix).size).toBeLessThan(50_200);
    }
  });

  test('with one file begins that anew', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(script), { logMaxSize: 50_000, logMaxFiles: 1 });
    await c.gone;
    expect(existsSync(`${c.launch.logPath}.1`)).toBe(false);
    expect(statSync(c.launch.logPath).size).toBeLessThan(50_200);
    expect(numbers(c.launch.logPath).at(-1)).toBe(lines - 1);
  });

  test('counts what an earlier run wrote', async () => {
    await using rig = new Rig();
    const logPath = `${rig.dir}/log`;
    writeFileSync(logPath, `${JSON.stringify({ log: 'line 0\n', pad: 'x'.repeat(50_000) })}\n`);
    await (await rig.start(operations(['echo', 'line 1']), { logPath, logMaxSize: 50_000, logMaxFiles: 2 }))
      .gone;
    expect(numbers(`${logPath}.1`)).toEqual([0]);
    expect(numbers(logPath)).toEqual([1]);
  });
});
