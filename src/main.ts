/** Which of the programs am I? `gantry daemon` is the engine with its API; everything else is the command line. */
export {};

const argv = process.argv.slice(2);

async function main(): Promise<number> {
  if (argv[0] === 'daemon') return (await import('./daemon/main.ts')).runDaemon(argv.slice(1));
  const { runCli } = await import('./cli/main.ts');
  return runCli(argv, { startDaemon: async () => (await import('./daemon/autostart.ts')).startDaemon() });
}

main().then((code) => process.exit(code));
