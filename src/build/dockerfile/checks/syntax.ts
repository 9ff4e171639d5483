/** Checks of how a Dockerfile is written; no variable has a value yet. */
import type { Dockerfile } from '../dockerfile.ts';
import type { Arg, From, Instruction } from '../instructions/model.ts';
import { quote } from '../text.ts';
import type { Reporter } from './reporter.ts';

const isLower = (text: string) => text === text.toLowerCase();
const isUpper = (text: string) => text === text.toUpperCase();

export function checkSyntax(dockerfile: Dockerfile, reporter: Reporter): void {
  for (const location of dockerfile.emptyContinuations)
    reporter.warn('NoEmptyContinuation', { location }, 'Empty continuation line');
  for (const arg of dockerfile.metaArgs) checkWords(arg, reporter);
  for (const { from, instructions } of dockerfile.stages) {
    checkFromWords(from, reporter);
    for (const instruction of instructions) checkWords(instruction, reporter);
  }
  checkStageNames(dockerfile, reporter);
  checkCasing(dockerfile, reporter);
}

function checkFromWords(from: From, reporter: Reporter): void {
  if (from.as === null) return;
  const { name, keyword } = from.as;
  if (!isLower(name)) reporter.warn('StageNameCasing', from, `Stage name '${name}' should be lowercase`);
  const matches = isLower(from.keyword) ? isLower(keyword) : !isUpper(from.keyword) || isUpper(keyword);
  if (!matches)
    reporter.warn('FromAsCasing', from, `'${keyword}' and '${from.keyword}' keywords' casing do not match`);
  checkDescription('FROM', [name.toLowerCase()], from, reporter);
}

function checkWords(instruction: Instruction, reporter: Reporter): void {
  if (instruction.kind === 'maintainer')
    reporter.warn(
      'MaintainerDeprecated',
      instruction,
      'Maintainer instruction is deprecated in favor of using label',
    );
  if (instruction.kind === 'arg')
    checkDescription(
      'ARG',
      instruction.declarations.map(({ name }) => name),
      instruction,
      reporter,
    );
}

/** The last comment line above describes what is defined, so it begins with the name. */
function checkDescription(keyword: string, names: string[], subject: Arg | From, reporter: Reporter): void {
  const last = subject.comments.at(-1);
  if (last === undefined || names.includes(last.split(' ', 1)[0] ?? '')) return;
  const name = names.length > 1 ? '<arg_key>' : names[0];
  reporter.warn(
    'InvalidDefinitionDescription',
    subject,
    `Comment for ${keyword} should follow the format: \`# ${name} <description>\``,
  );
}

const reserved = new Set(['context', 'scratch']);

function checkStageNames({ stages }: Dockerfile, reporter: Reporter): void {
  const seen = new Set<string>();
  for (const { name, from } of stages) {
    if (name === null) continue;
    if (reserved.has(name))
      reporter.warn(
        'ReservedStageName',
        from,
        `Stage name should not use the same name as reserved stage ${quote(name)}`,
      );
    if (seen.has(name))
      reporter.warn(
        'DuplicateStageName',
        from,
        `Duplicate stage name ${quote(name)}, stage names should be unique`,
      );
    seen.add(name);
  }
}

/** ARG above the first FROM is not counted, as in BuildKit. */
function checkCasing({ stages }: Dockerfile, reporter: Reporter): void {
  const all = stages.flatMap(({ from, instructions }) => [from, ...instructions]);
  const lower = all.filter(({ keyword }) => isLower(keyword)).length;
  const upper = all.filter(({ keyword }) => isUpper(keyword) && !isLower(keyword)).length;
  const [fits, casing] = lower > upper ? [isLower, 'lowercase'] : [isUpper, 'uppercase'];
  for (const instruction of all)
    if (!fits(instruction.keyword))
      reporter.warn(
        'ConsistentInstructionCasing',
        instruction,
        `Command '${instruction.keyword}' should match the case of the command majority (${casing})`,
      );
}
