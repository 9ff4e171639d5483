/** `--output type=local,dest=out`, `-o out`, `-o -`, --load and --push: what becomes of the image, which is always made. */
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { booleanOf, csvFields, parseAttributes, refuseUnknown } from './attributes.ts';

export type Output =
  /** Files of the image. `dest`: a directory. */
  | { type: 'local'; dest: string }
  /** The same as a tar. `dest`: a file; "-" = standard output. */
  | { type: 'tar'; dest: string }
  /** The image as an archive. */
  | { type: 'archive'; dest: string }
  /** It stays with the daemon. */
  | { type: 'image' }
  | { type: 'push' };

export interface Outputs {
  list: readonly Output[];
  /** Names beside those of --tag. */
  names: readonly string[];
  /** Whether the image itself is wanted, and not only what is taken from it. */
  keepsImage: boolean;
}

export function parseOutputs(flags: FlagValues): Outputs {
  const parsed = flags.list('output').map(parseOutput);
  if (flags.bool('push')) parsed.push({ outputs: [{ type: 'push' }], names: [] });
  if (flags.bool('load')) parsed.push({ outputs: [{ type: 'image' }], names: [] });
  const list = parsed.flatMap(({ outputs }) => outputs);
  if (list.filter((output) => 'dest' in output && output.dest === '-').length > 1)
    throw new ExitError('only one output can go to standard output');
  return {
    list,
    names: parsed.flatMap(({ names }) => names),
    keepsImage: parsed.length === 0 || list.some(({ type }) => type === 'image' || type === 'push'),
  };
}

interface Parsed {
  outputs: Output[];
  names: string[];
}

function parseOutput(text: string): Parsed {
  const fields = csvFields(text, 'output');
  if (fields.length === 1 && !text.includes('=')) return { outputs: [shorthand(text)], names: [] };
  const attributes = parseAttributes(fields, 'output');
  const names = (attributes.get('name') ?? '').split(',').filter((name) => name !== '');
  return { outputs: outputsOf(attributes), names };
}

const shorthand = (dest: string): Output => (dest === '-' ? { type: 'tar', dest } : { type: 'local', dest });

/** What each type understands; what does nothing here but is often given is no mistake. */
const files = ['type', 'dest'];
const image = ['type', 'name', 'push', 'store', 'unpack'];
const known: Record<string, readonly string[]> = {
  local: [...files, 'platform-split'],
  tar: files,
  oci: [...files, 'name', 'tar', 'oci-mediatypes'],
  docker: [...files, 'name', 'tar', 'oci-mediatypes'],
  image: [...image, 'oci-mediatypes'],
  registry: [...image, 'oci-mediatypes'],
};

function outputsOf(attributes: ReadonlyMap<string, string>): Output[] {
  const type = attributes.get('type') ?? '';
  const dest = attributes.get('dest') ?? '';
  if (known[type] !== undefined) refuseUnknown(attributes, known[type], 'output');
  if (!booleanOf(attributes, 'tar', true, 'output'))
    throw new ExitError(`--output type=${type},tar=false: only archives are written`);
  switch (type) {
    case '':
      throw new ExitError('type is required for output');
    case 'local':
      if (dest === '') throw new ExitError('dest is required for local exporter');
      if (dest === '-') throw new ExitError('dest cannot be stdout for local exporter');
      return [{ type: 'local', dest }];
    case 'tar':
      return [{ type: 'tar', dest: dest || '-' }];
    case 'oci':
      return [{ type: 'archive', dest: dest || '-' }];
    case 'docker':
      return dest === '' ? [{ type: 'image' }] : [{ type: 'archive', dest }];
    case 'image':
      return booleanOf(attributes, 'push', false, 'output')
        ? [{ type: 'image' }, { type: 'push' }]
        : [{ type: 'image' }];
    case 'registry':
      return [{ type: 'push' }];
    case 'cacheonly':
      return [];
    default:
      throw new ExitError(
        `unsupported output type ${JSON.stringify(type)}: there are local, tar, oci, docker, image, registry`,
      );
  }
}
