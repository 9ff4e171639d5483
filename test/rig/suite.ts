/** What a black-box file begins with: one engine with busybox for all its cases, checked for leftovers at the end. */
import { afterAll, beforeAll, test } from 'bun:test';
import { patience } from './command.ts';
import { type Cli, clis, type EngineSetup, isGantry, TestEngine } from './engine.ts';
import { busybox } from './images.ts';
import { leftovers } from './leftovers.ts';

export interface Suite {
  /** One case per command line: docker's and gantry's own. `differs`: why the reference cannot be held to it. */
  each(name: string, body: (cli: Cli, engine: TestEngine) => Promise<void>, differs?: string): void;
  /** One case that does not depend on the command line. */
  once(name: string, body: (engine: TestEngine) => Promise<void>, differs?: string): void;
}

export function suite(setup: EngineSetup = {}): Suite {
  let engine: TestEngine | undefined;
  const get = (): TestEngine => {
    if (!engine) throw new Error('the engine did not start');
    return engine;
  };
  beforeAll(async () => {
    engine = await TestEngine.start(setup);
    await busybox(engine);
  }, patience(120_000));
  afterAll(async () => {
    if (!engine) return;
    const left = await leftovers(engine);
    await engine[Symbol.asyncDispose]();
    if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
  }, patience(120_000));
  return {
    each(name, body, differs) {
      if (!isDifferent(name, differs))
        for (const cli of clis) test(`${cli}: ${name}`, () => body(cli, get()), patience(120_000));
    },
    once(name, body, differs) {
      if (!isDifferent(name, differs)) test(name, () => body(get()), patience(120_000));
    },
  };
}

/** Against the reference, a case that is known to differ is named with its reason instead of run. */
function isDifferent(name: string, why: string | undefined): boolean {
  if (isGantry || why === undefined) return false;
  console.log(`differs: ${name}: ${why}`);
  return true;
}
