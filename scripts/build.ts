/** `npm run build`: dist/gantry, one file with Bun, the sources as bytecode and the C programs inside. */
import { mkdirSync, statSync } from 'node:fs';

mkdirSync('dist', { recursive: true });
const native = Bun.spawnSync(['node', 'scripts/build-native.mjs'], { stdout: 'inherit', stderr: 'inherit' });
if (native.exitCode !== 0) process.exit(1);
// Split, so that `gantry ps` never reads the daemon's code: 7 ms to `--version` instead of 12.
const argv = [
  'build',
  '--compile',
  '--bytecode',
  '--minify',
  '--splitting',
  '--format=esm',
  '--sourcemap=none',
  // Else the program would run what the bunfig.toml of any directory preloads, and take DOCKER_HOST from its .env.
  '--no-compile-autoload-bunfig',
  '--no-compile-autoload-dotenv',
];
const built = Bun.spawnSync([process.execPath, ...argv, 'src/main.ts', '--outfile', 'dist/gantry'], {
  stdout: 'inherit',
  stderr: 'inherit',
});
if (built.exitCode !== 0) process.exit(1);
console.log(`dist/gantry: ${(statSync('dist/gantry').size / (1 << 20)).toFixed(0)} MiB`);
