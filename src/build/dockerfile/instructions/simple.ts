/** Instructions that are little more than a word or a list of them. */
import { problem } from '../error.ts';
import { parseJsonForm } from '../lines/json-form.ts';
import { splitBlanks, trim } from '../text.ts';
import { parseFlags } from './flags.ts';
import type { Expose, Maintainer, StopSignal, User, Volume, Workdir } from './model.ts';
import { common, needsOne, needsSome, type Request } from './request.ts';

/** The whole rest of the line is the argument. */
function single({ node }: Request, name: string): string {
  if (node.args === '') throw needsOne(name);
  parseFlags(node.flags, {});
  return node.args;
}

export function parseWorkdir(request: Request): Workdir {
  return { ...common(request.node), kind: 'workdir', path: single(request, 'WORKDIR') };
}

export function parseUser(request: Request): User {
  return { ...common(request.node), kind: 'user', user: single(request, 'USER') };
}

export function parseMaintainer(request: Request): Maintainer {
  return { ...common(request.node), kind: 'maintainer', name: single(request, 'MAINTAINER') };
}

/** Flags are ignored here, and by BuildKit. */
export function parseStopSignal({ node }: Request): StopSignal {
  if (node.args === '') throw needsOne('STOPSIGNAL');
  return { ...common(node), kind: 'stopsignal', signal: node.args };
}

export function parseExpose({ node }: Request): Expose {
  const ports = splitBlanks(node.args);
  if (ports.length === 0) throw needsSome('EXPOSE');
  parseFlags(node.flags, {});
  return { ...common(node), kind: 'expose', ports: ports.sort() };
}

export function parseVolume({ node }: Request): Volume {
  const paths = (parseJsonForm(node.args) ?? splitBlanks(node.args)).map(trim);
  if (paths.length === 0) throw needsSome('VOLUME');
  parseFlags(node.flags, {});
  if (paths.includes('')) throw problem('VOLUME specified can not be an empty string');
  return { ...common(node), kind: 'volume', paths };
}
