/** RUN --mount: read without values at first, since they may hold variables, and whole once those are known. */
import { posix } from 'node:path';
import { cleanPath } from '../../../lib/clean-path.ts';
import { plainProblem, problem } from '../error.ts';
import { quote } from '../text.ts';
import { parseCsvRecord } from './csv.ts';
import type { Mount, MountFile, UnexpandedMount } from './mount-model.ts';
import { type MountOptions, setMountOption } from './mount-options.ts';

/** Reads the fields and `from`, which alone must be known before anything is built. */
export function readMount(text: string): UnexpandedMount {
  const fields = parseCsvRecord(text);
  let from: string | null = null;
  for (const field of fields) {
    const [key, value] = splitField(field);
    if (key !== 'from' || value === null) continue;
    if (/\$./.test(value))
      throw problem("'from' doesn't support variable expansion, define alias stage instead", field);
    from = value === '' ? null : value;
  }
  return { fields, from };
}

function splitField(field: string): [key: string, value: string | null] {
  const equals = field.indexOf('=');
  if (equals < 0) return [field.toLowerCase(), null];
  return [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
}

/** Throws BuildKit's texts for unknown keys, bad values, and what a type does not have. */
export function expandMount({ fields }: UnexpandedMount, expandWord: (word: string) => string): Mount {
  const options: MountOptions = { type: 'bind' };
  for (const field of fields) {
    const [key, value] = splitField(field);
    setMountOption(options, key, value === null ? null : expandWord(value), field);
  }
  refuseMisplaced(options);
  return toMount(options);
}

function refuseMisplaced(options: MountOptions): void {
  const { type, mode, uid, gid, sharing } = options;
  const fileKey = Object.entries({ mode, uid, gid }).find(([, value]) => value !== undefined)?.[0];
  if (fileKey !== undefined && (type === 'bind' || type === 'tmpfs'))
    throw plainProblem(`${fileKey} not allowed for ${quote(type)} type mounts`, fileKey);
  if (type === 'secret') refuseSecret(options);
  if (sharing !== undefined && type !== 'cache')
    throw plainProblem(`invalid cache sharing set for ${type} mount`, 'sharing');
  if (type === 'ssh' && options.source) throw plainProblem('ssh does not support source', 'source');
}

function refuseSecret({ from, sharing, source, target, id }: MountOptions): void {
  if (from) throw plainProblem('secret mount should not have a from', 'from');
  if (sharing !== undefined) throw plainProblem('secret mount should not define sharing', 'sharing');
  if (!source && !target && !id)
    throw plainProblem('invalid secret mount. one of source, target required', '--mount');
  if (source && id) throw plainProblem("both source and id can't be set", 'source');
}

function toMount(options: MountOptions): Mount {
  const { type, target = '', source = '', from } = options;
  const place = { target, source, from: from || null };
  const { mode = null, uid = null, gid = null, required = false } = options;
  const file: MountFile = { mode, uid, gid };
  switch (type) {
    case 'bind':
      return { type, ...place, readOnly: options.readOnly ?? true };
    case 'cache': {
      const { sharing = 'shared', readOnly = false } = options;
      return { type, ...place, ...file, id: options.id || cleanPath(target), sharing, readOnly };
    }
    case 'tmpfs':
      return { type, target, size: options.size ?? null };
    case 'secret': {
      const id = source || options.id || posix.basename(target);
      const usual = options.env === undefined ? `/run/secrets/${posix.basename(id)}` : null;
      return { type, id, ...file, target: target || usual, env: options.env ?? null, required };
    }
    case 'ssh':
      return { type, id: options.id || 'default', ...file, target: target || null, required };
  }
}
