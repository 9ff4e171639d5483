/** Lines of an image's history, as BuildKit writes them. */
import type { Add, ArgValue, Copy, Mount, Run, Scope } from '../dockerfile/dockerfile.ts';
import { shellOf } from '../stage/configure.ts';
import type { StageState } from '../stage/state.ts';

export const argDeed = (values: readonly ArgValue[]): string =>
  `ARG ${values.map(({ name, value }) => (value === null ? name : `${name}=${value}`)).join(' ')}`;

export function runDeed(state: StageState, { command }: Run<Mount>, { args }: Scope): string {
  const given = args.filter(({ value }) => value !== null).map(({ name, value }) => `${name}=${value}`);
  const prefix = given.length === 0 ? '' : `|${given.length} ${given.join(' ')} `;
  const words = command.form === 'exec' ? command.argv : [...shellOf(state), command.text];
  return `RUN ${prefix}${words.join(' ')} # buildkit`;
}

export function copyDeed({ kind, sources, inline, destination }: Copy | Add): string {
  const names = [...sources, ...inline.map(({ name }) => name)];
  return `${kind.toUpperCase()} ${names.join(' ')} ${destination} # buildkit`;
}
