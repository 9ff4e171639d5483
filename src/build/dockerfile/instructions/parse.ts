/** Node -> instruction. */
import { problem } from '../error.ts';
import { splitCommand } from '../lines/command.ts';
import { nearest } from '../suggest.ts';
import { parseCmd, parseEntrypoint, parseRun, parseShell } from './command-line.ts';
import { parseAdd, parseCopy } from './copy.ts';
import { parseFrom } from './from.ts';
import { parseHealthcheck } from './healthcheck.ts';
import type { From, Instruction, Onbuild } from './model.ts';
import { parseArg, parseEnv, parseLabel } from './pairs.ts';
import { common, needsSome, type Request } from './request.ts';
import {
  parseExpose,
  parseMaintainer,
  parseStopSignal,
  parseUser,
  parseVolume,
  parseWorkdir,
} from './simple.ts';

const parsers: Record<string, (request: Request) => Instruction | From> = {
  ADD: parseAdd,
  ARG: parseArg,
  CMD: parseCmd,
  COPY: parseCopy,
  ENTRYPOINT: parseEntrypoint,
  ENV: parseEnv,
  EXPOSE: parseExpose,
  FROM: parseFrom,
  HEALTHCHECK: parseHealthcheck,
  LABEL: parseLabel,
  MAINTAINER: parseMaintainer,
  ONBUILD: parseOnbuild,
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: parseStopSignal,
  USER: parseUser,
  VOLUME: parseVolume,
  WORKDIR: parseWorkdir,
};

/** Throws Problem. */
export function parseInstruction(request: Request): Instruction | From {
  const { keyword } = request.node;
  const upper = keyword.toUpperCase();
  const parse = Object.hasOwn(parsers, upper) ? parsers[upper] : undefined;
  if (parse !== undefined) return parse(request);
  const match = nearest(upper, Object.keys(parsers));
  const shown = match !== null && keyword === keyword.toLowerCase() ? match.toLowerCase() : match;
  const suggestion = shown === null ? '' : ` (did you mean ${shown}?)`;
  throw problem(`unknown instruction: ${keyword}${suggestion}`, keyword || null);
}

/** The trigger is read here as well, so that a mistake shows in this build and not in the one that uses the image. */
function parseOnbuild({ node, escapeToken }: Request): Onbuild {
  const command = splitCommand(node.args, escapeToken);
  const trigger = command.keyword.toUpperCase();
  if (trigger === '') throw needsSome('ONBUILD');
  if (node.flags[0] !== undefined) throw problem(`unknown flag: ${node.flags[0].split('=', 1)[0]}`);
  if (trigger === 'ONBUILD') throw problem("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === 'MAINTAINER' || trigger === 'FROM')
    throw problem(`${trigger} isn't allowed as an ONBUILD trigger`, command.keyword);
  parseInstruction({ node: { ...node, ...command, source: node.args }, escapeToken });
  const bodies = node.heredocs.map(({ content, name }) => `\n${content}${name}`);
  return { ...common(node), kind: 'onbuild', expression: node.args + bodies.join('') };
}
