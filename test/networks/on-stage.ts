/** Cases that share one stage, which is taken down before the engine is searched for leftovers. */
import { afterAll, describe } from 'bun:test';
import { isGantry } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';
import { Stage } from './stage.ts';

/** A case on the stage; `differs` as in a suite. */
export type Staged = (name: string, body: (stage: Stage) => Promise<void>, differs?: string) => void;

export function onStage(title: string, define: (staged: Staged) => void): void {
  // Docker 20.10 has no rules for IPv6 otherwise.
  const { once } = suite(isGantry ? {} : { flags: ['--experimental', '--ip6tables'] });
  describe(title, () => {
    let stage: Promise<Stage> | undefined;
    afterAll(async () => {
      const built = await stage;
      await built?.[Symbol.asyncDispose]();
    });
    define((name, body, differs) =>
      once(
        name,
        async (engine) => {
          stage ??= Stage.build(engine);
          await body(await stage);
        },
        differs,
      ));
  });
}
