/** Command lines that must not succeed, by what they say. */
import { expect } from 'bun:test';
import type { Cli, TestEngine } from '../rig/engine.ts';

/** What it prints on stderr. `code` is that of the docker command: 1, and 125 of create and run. */
export async function refusal(
  engine: TestEngine,
  cli: Cli,
  args: readonly string[],
  code = 1,
): Promise<string> {
  const result = await engine.run(cli, [...args]);
  expect([args, result.code, result.stderr]).toEqual([args, code, expect.anything()]);
  return result.stderr;
}
