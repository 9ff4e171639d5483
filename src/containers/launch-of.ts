import type { Launch } from '../shim/protocol.ts';
import type { Context } from './context.ts';
import { logLimits } from './log-config.ts';
import type { Container } from './model.ts';
import { cgroupsPath } from './spec.ts';

/** What the shim is told beside the operations. */
export function launchOf(context: Context, container: Container, expectAttach: number): Launch {
  const paths = context.paths.of(container.id);
  const { maxSize, maxFiles } = logLimits(container.hostConfig.logConfig);
  return {
    id: container.id,
    socketPath: paths.socket,
    statePath: paths.state,
    exitPath: paths.exit,
    logPath: container.files.log,
    logMaxSize: maxSize,
    logMaxFiles: maxFiles,
    logExtra: logExtra(container),
    tty: container.config.tty,
    openStdin: container.config.openStdin,
    stdinOnce: container.config.stdinOnce,
    expectAttach,
    memoryCgroup: context.cgroups.memoryDirectory(cgroupsPath(container)),
    cgroupVersion: context.cgroups.version,
    namesPath: context.networks.servesNames(container.endpoints) ? context.paths.names : '',
  };
}

/** Labels, variables and the tag that the log options ask for, as Docker's `attrs`. */
function logExtra({ config, hostConfig, ...container }: Container): string {
  const options = hostConfig.logConfig.config;
  const attributes: Record<string, string> = {};
  const add = (pairs: Iterable<[string, string]>, names = '', pattern = '') => {
    const wanted = new Set(names.split(','));
    const matches = pattern === '' ? null : new RegExp(pattern);
    for (const [key, value] of pairs) if (wanted.has(key) || matches?.test(key)) attributes[key] = value;
  };
  add(Object.entries(config.labels), options.labels, options['labels-regex']);
  add(config.env.map(splitAssignment), options.env, options['env-regex']);
  if (options.tag !== undefined && options.tag !== '') attributes.tag = expandTag(options.tag, container);
  return Object.keys(attributes).length === 0 ? '' : `,"attrs":${JSON.stringify(attributes)}`;
}

function splitAssignment(assignment: string): [string, string] {
  const at = assignment.indexOf('=');
  return at < 0 ? [assignment, ''] : [assignment.slice(0, at), assignment.slice(at + 1)];
}

function expandTag(tag: string, { id, name, imageId }: Pick<Container, 'id' | 'name' | 'imageId'>): string {
  const values: Record<string, string> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: imageId.replace('sha256:', '').slice(0, 12),
    ImageFullID: imageId,
  };
  return tag.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, field: string) => values[field] ?? whole);
}
