/** Instructions that change nothing but the config (moby/buildkit frontend/dockerfile/dockerfile2llb). Pure. */

import { parseSignal } from '../../linux/signals.ts';
import type {
  Cmd,
  CommandLine,
  Entrypoint,
  Env,
  ExpandedInstruction,
  Healthcheck,
  Label,
  Onbuild,
} from '../dockerfile/dockerfile.ts';
import { runConfigOf, type StageState, withRunConfig } from './state.ts';

export type ConfigInstruction = Exclude<ExpandedInstruction, { kind: 'run' | 'copy' | 'add' | 'workdir' }>;

const defaultShell = ['/bin/sh', '-c'];

export const shellOf = (state: StageState): readonly string[] => runConfigOf(state).Shell ?? defaultShell;

/** As the image runs it: the shell form by the shell that the stage has now. */
export const argvOf = (state: StageState, command: CommandLine): string[] =>
  command.form === 'exec' ? [...command.argv] : [...shellOf(state), command.text];

/** The state, and the line of history that tells of it; the caller adds that. */
export function configure(
  state: StageState,
  instruction: ConfigInstruction,
): { state: StageState; createdBy: string } {
  return { state: changed(state, instruction), createdBy: deedOf(state, instruction) };
}

function changed(state: StageState, instruction: ConfigInstruction): StageState {
  const config = runConfigOf(state);
  switch (instruction.kind) {
    case 'env':
      return withRunConfig(state, { Env: withVariables(config.Env ?? [], instruction) });
    case 'label':
      return withRunConfig(state, { Labels: { ...config.Labels, ...entriesOf(instruction) } });
    case 'cmd':
      return { ...withRunConfig(state, { Cmd: argvOf(state, instruction.command) }), hasCommand: true };
    case 'entrypoint':
      return withRunConfig(state, {
        Entrypoint: argvOf(state, instruction.command),
        ...(state.hasCommand ? {} : { Cmd: null }),
      });
    case 'shell':
      return withRunConfig(state, { Shell: [...instruction.argv] });
    case 'user':
      return withRunConfig(state, { User: instruction.user });
    case 'volume':
      return withRunConfig(state, { Volumes: { ...config.Volumes, ...keys(instruction.paths) } });
    case 'expose':
      return withRunConfig(state, {
        ExposedPorts: { ...config.ExposedPorts, ...keys(instruction.ports) },
      });
    case 'stopsignal':
      return withRunConfig(state, { StopSignal: checkedSignal(instruction.signal) });
    case 'healthcheck':
      return withRunConfig(state, { Healthcheck: instruction.config });
    case 'onbuild':
      return withRunConfig(state, { OnBuild: [...(config.OnBuild ?? []), instruction.expression] });
    case 'maintainer':
      return { ...state, config: { ...state.config, author: instruction.name } };
    default:
      return instruction satisfies never;
  }
}

function checkedSignal(signal: string): string {
  parseSignal(signal);
  return signal;
}

const keys = (names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, {}]));

const entriesOf = ({ pairs }: Env | Label): Record<string, string> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

/** A variable that is there keeps its place. */
export function withVariables(env: readonly string[], { pairs }: Pick<Env, 'pairs'>): string[] {
  const result = [...env];
  for (const { key, value } of pairs) {
    const index = result.findIndex((assignment) => assignment.startsWith(`${key}=`));
    result.splice(index < 0 ? result.length : index, index < 0 ? 0 : 1, `${key}=${value}`);
  }
  return result;
}

function deedOf(state: StageState, instruction: ConfigInstruction): string {
  switch (instruction.kind) {
    case 'env':
    case 'label':
      return `${instruction.kind.toUpperCase()} ${instruction.pairs.map(({ key, value }) => `${key}=${value}`).join(' ')}`;
    case 'cmd':
    case 'entrypoint':
      return commandDeed(state, instruction);
    case 'shell':
      return `SHELL ${JSON.stringify(instruction.argv).replaceAll('","', '", "')}`;
    case 'user':
      return `USER ${instruction.user}`;
    case 'volume':
      return `VOLUME [${instruction.paths.join(' ')}]`;
    case 'expose':
      return `EXPOSE ${goMap(instruction.ports)}`;
    case 'stopsignal':
      return `STOPSIGNAL ${instruction.signal}`;
    case 'healthcheck':
      return healthcheckDeed(instruction);
    case 'onbuild':
      return onbuildDeed(instruction);
    case 'maintainer':
      return `MAINTAINER ${instruction.name}`;
    default:
      return instruction satisfies never;
  }
}

/** As Go prints a list of strings with %q. */
const quotedList = (words: readonly string[]): string =>
  `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;

const commandDeed = (state: StageState, { kind, command }: Cmd | Entrypoint): string =>
  `${kind.toUpperCase()} ${quotedList(argvOf(state, command))}`;

/** As Go prints a map of empty structs. */
const goMap = (names: readonly string[]): string => `map[${names.map((name) => `${name}:{}`).join(' ')}]`;

const healthcheckDeed = ({ source }: Healthcheck): string => `HEALTHCHECK ${source.replace(/^\S+\s+/, '')}`;

const onbuildDeed = ({ expression }: Onbuild): string => `ONBUILD ${expression}`;
