/** Builds from Dockerfile to image. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { EngineRig } from '../engine/rig.ts';
import { build, outcomes, outputOf } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

const shown = (...lines: string[]) => ['FROM busybox', ...lines].join('\n');

test('files are copied, commands run, the config says what to run', async () => {
  const built = await build(
    rig,
    shown('WORKDIR /app', 'COPY . .', 'ENV GREETING=hello', 'RUN echo $GREETING $(cat a.txt) > out && cat out', 'CMD ["cat", "out"]'),
    { 'a.txt': 'world', 'dir/b': 'b' },
    { tags: ['greeter'] },
  );
  expect(outputOf(built)).toBe('hello world\n');
  expect(built.result.names).toEqual(['greeter:latest']);
  expect(built.image.config.config).toMatchObject({ Cmd: ['cat', 'out'], WorkingDir: '/app' });
  expect(built.image.config.config?.Env).toContain('GREETING=hello');
  const again = await build(rig, shown('WORKDIR /app', 'COPY . .', 'ENV GREETING=hello', 'RUN echo $GREETING $(cat a.txt) > out && cat out', 'CMD ["cat", "out"]'), { 'a.txt': 'world', 'dir/b': 'b' });
  console.log(outcomes(built), outcomes(again));
  expect(outcomes(again).filter((line) => line.startsWith('RUN'))[0]).toContain('cached');
});
