/** `--change` of import and commit: a few Dockerfile instructions applied to an image's run config. */
import { cleanPath } from '../lib/clean-path.ts';
import { invalid } from '../lib/errors.ts';
import type { ImageRunConfig } from '../oci/image.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { expand, jsonStrings, parsePairs, splitWords } from './words.ts';

type Apply = (config: ImageRunConfig, args: string, env: ReadonlyMap<string, string>) => void;

const shell = ['/bin/sh', '-c'];

const instructions: Record<string, Apply> = {
  CMD: (config, args) => {
    config.Cmd = command(config, args);
  },
  ENTRYPOINT: (config, args) => {
    config.Entrypoint = command(config, args);
  },
  ENV: (config, args, env) => {
    const all = new Map((config.Env ?? []).map(splitVariable));
    for (const [key, value] of parsePairs('ENV', args)) all.set(key, expand(value, env));
    config.Env = [...all].map(([key, value]) => `${key}=${value}`);
  },
  EXPOSE: (config, args, env) => {
    const ports = splitWords(args).flatMap((word) => exposedPorts(expand(word, env)));
    if (ports.length === 0) throw invalid('EXPOSE requires at least one argument');
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
  },
  HEALTHCHECK: (config, args) => {
    config.Healthcheck = parseHealthcheck(args, (text) => jsonStrings(text));
  },
  LABEL: (config, args, env) => {
    const pairs = parsePairs('LABEL', args).map(([key, value]) => [expand(key, env), expand(value, env)]);
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs) };
  },
  ONBUILD: (config, args) => {
    const trigger = args.split(/\s/, 1)[0]?.toUpperCase() ?? '';
    if (trigger === '') throw invalid('ONBUILD requires at least one argument');
    if (trigger === 'ONBUILD') throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (trigger === 'MAINTAINER' || trigger === 'FROM')
      throw invalid(`${trigger} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...(config.OnBuild ?? []), args];
  },
  STOPSIGNAL: (config, args, env) => {
    config.StopSignal = one('STOPSIGNAL', args, env);
  },
  USER: (config, args, env) => {
    config.User = one('USER', args, env);
  },
  VOLUME: (config, args, env) => {
    const paths = (jsonStrings(args) ?? splitWords(args)).map((path) => expand(path, env).trim());
    if (paths.length === 0) throw invalid('VOLUME requires at least one argument');
    if (paths.includes('')) throw invalid('VOLUME specified can not be an empty string');
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  },
  WORKDIR: (config, args, env) => {
    config.WorkingDir = joinDirectory(config.WorkingDir ?? '', expand(required('WORKDIR', args), env));
  },
};

/**
 * Dockerfile's rule: an ENTRYPOINT drops the command of the image that it is based on, but not one from a CMD beside it.
 */
function dropInheritedCommand(config: ImageRunConfig, names: readonly string[]): void {
  if (names.includes('ENTRYPOINT') && !names.includes('CMD')) delete config.Cmd;
}

/** Returns a new config; throws invalid with Docker's texts. Several instructions may stand in one change, one per line. */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const result = structuredClone(config);
  const names: string[] = [];
  for (const line of changes.flatMap((change) => change.replace(/\\\r?\n/g, '').split(/\r?\n/))) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [word = ''] = text.split(/\s/, 1);
    const name = word.toUpperCase();
    const apply = Object.hasOwn(instructions, name) ? instructions[name] : undefined;
    if (apply === undefined) throw invalid(`${word} is not a valid change command`);
    apply(result, text.slice(word.length).trim(), new Map((result.Env ?? []).map(splitVariable)));
    names.push(name);
  }
  dropInheritedCommand(result, names);
  return result;
}

function splitVariable(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** The exec form is JSON; anything else is a line for the shell. */
function command(config: ImageRunConfig, args: string): string[] {
  return jsonStrings(args) ?? [...(config.Shell ?? shell), args];
}

function required(name: string, args: string): string {
  if (args === '') throw invalid(`${name} requires exactly one argument`);
  return args;
}

function one(name: string, args: string, env: ReadonlyMap<string, string>): string {
  const words = splitWords(args);
  const [word] = words;
  if (word === undefined || words.length > 1) throw invalid(`${name} requires exactly one argument`);
  return expand(word, env);
}

/** "80", "53/udp", "8000-8002/tcp" as keys of ExposedPorts. */
function exposedPorts(word: string): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([A-Za-z]+))?$/.exec(word);
  const protocol = (match?.[3] ?? 'tcp').toLowerCase();
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (!match || from > to || to > 65535) throw invalid(`invalid containerPort: ${word}`);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw invalid(`invalid proto: ${protocol}`);
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${protocol}`);
}

/** A relative WORKDIR continues the one before. */
const joinDirectory = (before: string, path: string): string =>
  cleanPath(path.startsWith('/') ? path : `/${before}/${path}`);
