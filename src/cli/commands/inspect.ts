import { atLeast, type Command } from '../command.ts';
import { ExitError } from '../exit.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import { inspectAll } from '../format/inspect.ts';
import { ApiError, type Client } from '../http/client.ts';

export const command: Command = {
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  args: atLeast(1),
  flags: [
    shortTemplateFlag,
    { name: 'size', short: 's', type: 'bool', usage: 'Display total file sizes if the type is container' },
    { name: 'type', type: 'string', usage: 'Only inspect objects of the given type' },
  ],
  run({ args, flags, client }) {
    const type = flags.string('type');
    const known = [
      'config',
      'container',
      'image',
      'network',
      'node',
      'plugin',
      'secret',
      'service',
      'task',
      'volume',
    ];
    if (flags.changed('type') && type === '')
      throw new ExitError(
        'type is empty: must be one of "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"',
      );
    if (type !== '' && !known.includes(type)) {
      const list = known.map((name) => JSON.stringify(name)).join(', ');
      throw new ExitError(`unknown type: ${JSON.stringify(type)}: must be one of ${list}`);
    }
    return inspectAll(args, flags.string('format'), (name) => find(client, name, type, flags.bool('size')));
  },
};

const paths: readonly (readonly [type: string, path: (name: string) => string])[] = [
  ['container', (name) => `/containers/${name}/json`],
  ['image', (name) => `/images/${name}/json`],
  ['network', (name) => `/networks/${name}`],
  ['volume', (name) => `/volumes/${name}`],
  ['service', (name) => `/services/${name}`],
  ['task', (name) => `/tasks/${name}`],
  ['node', (name) => `/nodes/${name}`],
  ['plugin', (name) => `/plugins/${name}/json`],
  ['secret', (name) => `/secrets/${name}`],
  ['config', (name) => `/configs/${name}`],
];

/** The kinds of objects are tried in Docker's order; without a swarm only the first four and plugins exist. */
const local: ReadonlySet<string> = new Set(['container', 'image', 'network', 'volume', 'plugin']);

async function find(client: Client, name: string, type: string, size: boolean): Promise<string> {
  for (const [kind, path] of paths) {
    if (type === '' ? !local.has(kind) : kind !== type) continue;
    try {
      return await client.text('GET', path(name), { query: { size: size && kind === 'container' } });
    } catch (error) {
      if (type !== '' || !(error instanceof ApiError) || !isMiss(error)) throw error;
    }
  }
  throw new Error(`Error: No such object: ${name}`);
}

/** A kind that has no such object, or that the daemon does not serve. */
function isMiss(error: ApiError): boolean {
  return (
    error.status === 404 ||
    error.status === 501 ||
    /not part of a swarm|not a swarm manager/.test(error.reason)
  );
}
