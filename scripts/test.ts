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

interface Outcome {
  passed: number;
  failed: number;
}

const total: Outcome = { passed: 0, failed: 0 };

async function bunTest(name: string, path: string): Promise<Outcome> {
  console.log(`\n== ${name}`);
  const child = Bun.spawn([process.execPath, 'test', '--timeout', '120000', path], {
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
  return { passed: count('pass'), failed: count('fail') || (code === 0 ? 0 : 1) };
}

/** CI's machine is shared: a suite that fails there runs once more, and says so. On a developer's machine nothing is repeated. */
async function suite(name: string, path: string): Promise<void> {
  let outcome = await bunTest(name, path);
  if (outcome.failed > 0 && process.env.CI) {
    console.log(`\nagain: ${name} had ${outcome.failed} failures`);
    outcome = await bunTest(name, path);
    if (outcome.failed === 0) console.log(`\nflaky: ${name} passed at the second try`);
  }
  total.passed += outcome.passed;
  total.failed += outcome.failed;
}

if (chosen.length === 0 || chosen.includes('unit')) await suite('unit', 'src');
for (const name of suites)
  if (chosen.length === 0 || chosen.includes(name)) await suite(name, `./test/${name}`);

console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
