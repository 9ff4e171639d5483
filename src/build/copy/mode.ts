/** `--chmod`: octal, or symbolic as chmod(1) and BuildKit have it ("u=rw,g+r,o-rwx", "a+X"). */
import { invalid } from '../../lib/errors.ts';

/** From the mode that a file has (without its type) to the one it gets. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

const shifts: Record<string, number> = { u: 6, g: 3, o: 0 };
/** Behind the sign: permissions, or a class whose permissions are taken. */
const clause = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,4}$/.test(text) || /^0[0-7]{4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const changes = text.split(',').map((part) => parseClause(part, text));
  return (mode, isDirectory) => changes.reduce((result, change) => change(result, isDirectory), mode);
}

function parseClause(part: string, whole: string): ModeChange {
  const [, who = '', actions = ''] = clause.exec(part) ?? [];
  if (actions === '')
    throw invalid(
      `invalid chmod parameter: '${whole}'. it should be octal string and between 0 and 07777, or symbolic`,
    );
  const classes = [...(who === '' || who.includes('a') ? 'ugo' : who)];
  const steps = [...actions.matchAll(/([-+=])([rwxXst]+|[ugo]|)/g)].map(([, sign = '', letters = '']) =>
    stepOf(classes, sign, letters),
  );
  return (mode, isDirectory) => steps.reduce((result, step) => step(result, isDirectory), mode);
}

function stepOf(classes: readonly string[], sign: string, letters: string): ModeChange {
  return (mode, isDirectory) => {
    const executable = isDirectory || (mode & 0o111) !== 0;
    const copied = shifts[letters];
    const bits =
      copied === undefined ? bitsOf(classes, letters, executable) : inClasses(classes, (mode >> copied) & 7);
    if (sign === '+') return mode | bits;
    if (sign === '-') return mode & ~bits;
    return (mode & ~fieldsOf(classes)) | bits;
  };
}

function bitsOf(classes: readonly string[], letters: string, executable: boolean): number {
  const has = (letter: string) => letters.includes(letter);
  const runs = has('x') || (has('X') && executable);
  const three = (has('r') ? 4 : 0) | (has('w') ? 2 : 0) | (runs ? 1 : 0);
  let bits = inClasses(classes, three) | (has('t') && classes.length === 3 ? 0o1000 : 0);
  if (has('s')) bits |= (classes.includes('u') ? 0o4000 : 0) | (classes.includes('g') ? 0o2000 : 0);
  return bits;
}

const inClasses = (classes: readonly string[], three: number): number =>
  classes.reduce((bits, one) => bits | (three << (shifts[one] ?? 0)), 0);

/** Everything that a class has. */
function fieldsOf(classes: readonly string[]): number {
  const fields = inClasses(classes, 7) | (classes.length === 3 ? 0o1000 : 0);
  return fields | (classes.includes('u') ? 0o4000 : 0) | (classes.includes('g') ? 0o2000 : 0);
}
