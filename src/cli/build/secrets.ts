/** `--secret id=mysecret[,src=/local/secret]`. */
import { readFileSync, statSync } from 'node:fs';
import { reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { csvFields, parseAttributes, refuseUnknown } from './attributes.ts';

/** BuildKit's. */
const sizeLimit = 500 << 10;

/** By id, as base64. */
export function readSecrets(
  values: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const { id, source } = parseSecret(value, env);
      const bytes = source.kind === 'env' ? Buffer.from(env[source.name] ?? '') : readFile(id, source.path);
      return [id, bytes.toString('base64')];
    }),
  );
}

type Source = { kind: 'env'; name: string } | { kind: 'file'; path: string };

/** Without a source: the variable of the secret's name, or else the file. */
export function parseSecret(value: string, env: NodeJS.ProcessEnv): { id: string; source: Source } {
  const attributes = parseAttributes(csvFields(value, 'secret'), 'secret');
  refuseUnknown(attributes, ['type', 'id', 'src', 'source', 'env'], 'secret');
  const type = attributes.get('type') ?? '';
  if (!['', 'file', 'env'].includes(type))
    throw new ExitError(`unsupported secret type ${JSON.stringify(type)}`);
  const id = attributes.get('id') ?? '';
  if (id === '') throw new ExitError(`secret missing ID: ${JSON.stringify(value)}`);
  const path = attributes.get('src') ?? attributes.get('source') ?? '';
  const variable = attributes.get('env') ?? '';
  if (variable !== '') return { id, source: { kind: 'env', name: variable } };
  if (type === 'env') return { id, source: { kind: 'env', name: path || id } };
  if (path === '' && type === '' && env[id] !== undefined) return { id, source: { kind: 'env', name: id } };
  return { id, source: { kind: 'file', path: path || id } };
}

function readFile(id: string, path: string): Buffer {
  try {
    if (statSync(path).size > sizeLimit) throw new ExitError(`secret ${id} too big. max size 500KB`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ExitError) throw error;
    throw new ExitError(`failed to read secret ${id}: open ${path}: ${reasonOf(error)}`);
  }
}
