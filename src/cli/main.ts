/** The command line: global options, then one command, loaded when it is needed. Start-up time is a feature: see docs of terminal/libc.ts. */
import { messageOf, originalOf } from '../lib/errors.ts';
import type { Command, Invocation } from './command.ts';
import { type Entry, findCommand, groups, notYet } from './commands.ts';
import { type ConfigFile, configDirectory, readConfig } from './config.ts';
import { ExitError, exitCode, exitCodeOf } from './exit.ts';
import { HelpRequested, type Parsed, parseFlags } from './flags/parse.ts';
import { globalFlags, resolveHost } from './globals.ts';
import { Client } from './http/client.ts';
import { clientVersion, programName } from './program.ts';
import { writeErr, writeLine } from './terminal/output.ts';

export interface CliContext {
  /** Starts a daemon on the default socket and resolves when it answers. */
  startDaemon: () => Promise<void>;
}

/** Runs one command line (without the program's name) and returns its exit code. The caller then ends the process. */
export async function runCli(argv: string[], context: CliContext): Promise<number> {
  try {
    return await dispatch(argv, context);
  } catch (thrown) {
    const error = originalOf(thrown);
    const message = messageOf(error);
    if (process.env.GANTRY_DEBUG && error instanceof Error) writeErr(`${error.stack}\n`);
    else if (message !== '') writeErr(`${message}\n`);
    return exitCodeOf(error);
  }
}

async function dispatch(argv: string[], context: CliContext): Promise<number> {
  const globals = parseGlobals(argv);
  if (!globals) return (await import('./help.ts')).showHelp([]);
  const [first, ...rest] = globals.args;
  if (globals.values.bool('version')) {
    writeLine(`${programName} version ${clientVersion}`);
    return exitCode.success;
  }
  if (first === undefined) return (await import('./help.ts')).showHelp([]);
  if (first === 'help') return (await import('./help.ts')).showHelp(rest);
  if (first in groups) return runGrouped(first, rest, globals, context);
  const found = findCommand(first);
  if (!found) throw await unknownCommand(first);
  return runCommand(found.entry, found.path, rest, globals, context);
}

/** Null when help was asked for. */
function parseGlobals(argv: string[]): Parsed | null {
  try {
    return parseFlags(argv, globalFlags, false);
  } catch (error) {
    if (error instanceof HelpRequested) return null;
    throw usageError(error, '', '[OPTIONS] COMMAND [ARG...]');
  }
}

async function runGrouped(
  group: string,
  args: string[],
  globals: Parsed,
  context: CliContext,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help')
    return (await import('./help.ts')).showHelp([group, ...rest]);
  if (name.startsWith('-')) {
    const kind = name.startsWith('--')
      ? `unknown flag: ${name}`
      : `unknown shorthand flag: '${name[1]}' in ${name}`;
    throw usageError(new Error(kind), group, 'COMMAND');
  }
  const found = findCommand(`${group} ${name}`);
  if (found) return runCommand(found.entry, found.path, rest, globals, context);
  if (notYet.has(name) || notYet.has(`${group} ${name}`)) throw notPartYet(`${group} ${name}`);
  throw new ExitError(
    `${programName}: unknown command: ${programName} ${group} ${name}\n\n` +
      `Usage:  ${programName} ${group}\n\nRun '${programName} ${group} --help' for more information`,
  );
}

async function runCommand(
  entry: Entry,
  path: string,
  argv: string[],
  globals: Parsed,
  context: CliContext,
): Promise<number> {
  const { command } = await entry.load();
  let parsed: Parsed;
  try {
    parsed = parseFlags(argv, command.flags, command.optionsFirst !== true);
  } catch (error) {
    if (!(error instanceof HelpRequested)) throw usageError(error, path, command.usage);
    if (error.deprecatedShorthand) writeErr('Flag shorthand -h has been deprecated, use --help\n');
    return (await import('./help.ts')).showCommandHelp(entry, path, command);
  }
  for (const line of parsed.deprecations) writeErr(`${line}\n`);
  checkCount(command, path, parsed.args);
  return command.run(await invocation(path, parsed, globals, context));
}

async function invocation(
  path: string,
  parsed: Parsed,
  globals: Parsed,
  context: CliContext,
): Promise<Invocation> {
  const directory = configDirectory(globals.values.string('config'));
  let config: Promise<ConfigFile> | null = null;
  const read = () => (config ??= readConfig(directory));
  const host = await resolveHost(globals.values, directory);
  const client = new Client(host.endpoint, host.named ? null : context.startDaemon);
  return { path, args: parsed.args, flags: parsed.values, client, config: read, configDirectory: directory };
}

function usageError(error: unknown, path: string, usage: string): ExitError {
  const name = path === '' ? programName : `${programName} ${path}`;
  const message = error instanceof Error ? error.message : String(error);
  return new ExitError(
    `${message}\n\nUsage:  ${name} ${usage}\n\nRun '${name} --help' for more information`,
    exitCode.usage,
  );
}

function checkCount(command: Command, path: string, args: readonly string[]): void {
  const { min, max } = command.args;
  if (args.length >= min && (max === undefined || args.length <= max)) return;
  const name = `${programName} ${path}`;
  const plural = (count: number) => (count === 1 ? 'argument' : 'arguments');
  const [verb, text] =
    max === 0
      ? ['Run', 'accepts no arguments']
      : min === max
        ? ['Run', `requires ${min} ${plural(min)}`]
        : max === undefined
          ? ['See', `requires at least ${min} ${plural(min)}`]
          : min === 0
            ? ['Run', `requires at most ${max} ${plural(max)}`]
            : ['Run', `requires at least ${min} and at most ${max} ${plural(max)}`];
  throw new ExitError(
    `${programName}: '${name}' ${text}\n\nUsage:  ${name} ${command.usage}\n\n${verb} '${name} --help' for more information`,
  );
}

function notPartYet(name: string): ExitError {
  return new ExitError(`${programName}: '${name}' is not part of this version yet`);
}

async function unknownCommand(name: string): Promise<ExitError> {
  if (notYet.has(name)) return notPartYet(name);
  const { nearest } = await import('./help.ts');
  const close = nearest(name);
  const hint = close.length > 0 ? `Did you mean this?\n\t${close.join('\n\t')}\n\n` : '';
  return new ExitError(
    `${programName}: unknown command: ${programName} ${name}\n\n${hint}Run '${programName} --help' for more information`,
  );
}
