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
  };
}

/** Labels, variables and the tag that the log options ask for, as Docker's `attrs`. */
function logExtra({ config, hostConfig, ...container }: Container): string {
  const options = hostConfig.logConfig.config;
  const attributes: Record<string, string> = {};
  for (const key of list(options.labels)) {
    const value = config.labels[key];
    if (value !== undefined) attributes[key] = value;
  }
  const variables = new Map(
    config.env.map((assignment): [string, string] => {
      const at = assignment.indexOf('=');
      return at < 0 ? [assignment, ''] : [assignment.slice(0, at), assignment.slice(at + 1)];
    }),
  );
  for (const key of list(options.env)) {
    const value = variables.get(key);
    if (value !== undefined) attributes[key] = value;
  }
  if (options.tag !== undefined && options.tag !== '') attributes.tag = expandTag(options.tag, container);
  return Object.keys(attributes).length === 0 ? '' : `,"attrs":${JSON.stringify(attributes)}`;
}

const list = (text: string | undefined) => (text ?? '').split(',').filter((item) => item !== '');

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
