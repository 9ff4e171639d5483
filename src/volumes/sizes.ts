/** Sizes as `--opt size=` takes them: Docker's units.RAMInBytes. Pure. */
import { invalid } from '../lib/errors.ts';

const form = /^(\d+(?:\.\d+)?) ?([kKmMgGtTpP])?[iI]?[bB]?$/;
const powers = ['k', 'm', 'g', 't', 'p'];

/** Units are powers of 1024. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = form.exec(text) ?? [];
  if (digits === undefined) throw invalid(`invalid size: '${text}'`);
  const bytes = Math.floor(Number(digits) * 1024 ** (powers.indexOf(unit.toLowerCase()) + 1));
  if (!Number.isSafeInteger(bytes)) throw invalid(`invalid size: '${text}'`);
  return bytes;
}
