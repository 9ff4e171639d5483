/**
 * `npm test`: first what needs no containers (check, unit tests), then the black-box suites against a real daemon.
 * Arguments name the suites to run (`npm test -- run api`); none means all. ENGINE=docker runs the black-box suite
 * `run` against Docker's daemon instead.
 */
import { readdirSync } from 'node:fs';

const chosen = process.argv.slice(2);
const suites = readdirSync('test', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['rig', 'vm'].includes(entry.name))
  .map((entry) => entry.name);
for (const name of chosen)
  if (!['unit', ...suites].includes(name)) {
    console.error(`no such suite: ${name} (there are: unit, ${suites.join(', ')})`);
    process.exit(2);
  }

let passed = 0;
let failed = 0;

async function bunTest(name: string, ...paths: string[]): Promise<void> {
  console.log(`\n== ${name}`);
  const child = Bun.spawn([process.execPath, 'test', '--timeout', '120000', ...paths], {
    stdout: 'inherit',
    stderr: 'pipe',
    env: process.env,
  });
  let report = '';
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    process.stderr.write(chunk);
    report += decoder.decode(chunk, { stream: true });
  }
  const code = await child.exited;
  const count = (word: string) => Number(report.match(new RegExp(`^\\s*(\\d+) ${word}$`, 'm'))?.[1] ?? 0);
  passed += count('pass');
  failed += count('fail') || (code === 0 ? 0 : 1);
}

if (chosen.length === 0 || chosen.includes('unit')) await bunTest('unit', 'src');
for (const suite of suites)
  if (chosen.length === 0 || chosen.includes(suite)) await bunTest(suite, `./test/${suite}`);

console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
