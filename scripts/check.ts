/** `npm run check`: everything that can be known without running a container. Prints what failed and leaves with 1. */
import { docs } from './check-docs.ts';
import { imports } from './check-imports.ts';

type Check = () => Promise<string[]>;

const tool =
  (...argv: string[]): Check =>
  async () => {
    const child = Bun.spawn(argv, { stdout: 'pipe', stderr: 'pipe' });
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return code === 0 ? [] : [`${out}${err}`.trim()];
  };

const bin = (name: string) => `node_modules/.bin/${name}`;

const checks: Record<string, Check> = {
  types: tool(bin('tsc')),
  'lint and format': tool(bin('biome'), 'ci', '.'),
  'import directions': imports,
  'C without warnings': tool('node', 'scripts/build-native.mjs'),
  documents: docs,
};

let failed = false;
for (const [name, check] of Object.entries(checks)) {
  const started = performance.now();
  const problems = await check();
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${time})`);
  for (const problem of problems) console.log(problem.replace(/^/gm, '       '));
  failed ||= problems.length > 0;
}
process.exit(failed ? 1 : 0);
