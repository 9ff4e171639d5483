/** Networks for one case: gone at its end, with everything that is on them, however it ends. */
import { command } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';

/** `networks`: the flags that each is made with. */
export async function withNetworks(
  engine: TestEngine,
  networks: Record<string, readonly string[]>,
  body: () => Promise<void>,
): Promise<void> {
  // What failed is to be told, not that the cleaning up after it failed too.
  const docker = (...args: string[]) => command(engine.argv('docker', args));
  try {
    for (const [name, flags] of Object.entries(networks))
      await engine.ok('docker', 'network', 'create', ...flags, name);
    await body();
  } finally {
    const all = (await docker('ps', '-aq')).stdout.split('\n').filter(Boolean);
    if (all.length > 0) await docker('rm', '-f', ...all);
    await docker('network', 'rm', ...Object.keys(networks).reverse());
  }
}
