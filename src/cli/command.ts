/** What a command is: data that the parser and the help read, and one function. */
import type { ConfigFile } from './config.ts';
import type { Flag } from './flags/flag.ts';
import type { FlagValues } from './flags/parse.ts';
import type { Client } from './http/client.ts';

/** How many arguments a command takes; `max` undefined is any number. */
export interface ArgumentCount {
  readonly min: number;
  readonly max?: number;
}

export const noArguments: ArgumentCount = { min: 0, max: 0 };
export const exactly = (count: number): ArgumentCount => ({ min: count, max: count });
export const atLeast = (count: number): ArgumentCount => ({ min: count });
export const between = (min: number, max: number): ArgumentCount => ({ min, max });

export interface Invocation {
  /** The command's full name after the program's: `container run`. */
  readonly path: string;
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly client: Client;
  readonly config: () => Promise<ConfigFile>;
  /** Where `config.json` is. */
  readonly configDirectory: string;
}

export interface Command {
  /** What follows the name in the usage line: `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string;
  readonly args: ArgumentCount;
  /** What help says under the usage line, where that is more than the command's one line in lists. */
  readonly description?: string;
  readonly flags: readonly Flag[];
  /** Options end at the first argument; what follows belongs to the container. */
  readonly optionsFirst?: true;
  /** Returns the exit code. */
  run(invocation: Invocation): Promise<number>;
}
