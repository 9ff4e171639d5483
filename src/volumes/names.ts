/** Volume names: they become directory names, so nothing that could leave the directory is let through. */
import { randomBytes } from 'node:crypto';
import { invalid } from '../lib/errors.ts';
import { isName, type Name } from '../lib/ids.ts';

const maxLength = 255;

/** Docker's texts, which already name the remedy for the commonest mistake (a relative host path). */
export function parseVolumeName(text: string): Name {
  if (text.length === 1)
    throw invalid('volume name is too short, names should be at least two alphanumeric characters');
  if (!isName(text))
    throw invalid(
      `${JSON.stringify(text)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  if (text.length > maxLength) throw invalid(`volume name is longer than ${maxLength} characters`);
  return text;
}

export function newAnonymousName(): Name {
  return parseVolumeName(randomBytes(32).toString('hex'));
}
