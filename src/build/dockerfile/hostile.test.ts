import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  checkDockerfile,
  DockerfileError,
  expandFor,
  globalArgs,
  instructionsOf,
  neededStages,
  parseDockerfile,
  resolveStages,
  Scope,
} from './dockerfile.ts';
import { readNodes } from './lines/nodes.ts';

const folder = join(import.meta.dir, '../../../test/build/corpus');
const corpus = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

const platform = { os: 'linux', architecture: 'amd64' };
const build = {
  buildArgs: new Map<string, string>(),
  buildPlatform: platform,
  targetPlatform: platform,
  target: null,
};

/** Everything that a build would ask of the language. */
function useAll(text: string): void {
  const dockerfile = parseDockerfile(text);
  checkDockerfile(dockerfile, { ...build, imageOf: () => null, isIgnored: () => true });
  const globals = globalArgs(dockerfile, build);
  const resolved = resolveStages(dockerfile, globals);
  for (const index of neededStages(dockerfile, resolved, null)) {
    const stage = resolved[index];
    const scope = Scope.ofImage([]);
    for (const instruction of stage === undefined ? [] : instructionsOf(dockerfile, stage)) {
      if (instruction.kind === 'arg') scope.declareArgs(dockerfile, instruction, globals);
      else {
        const { instruction: expanded } = expandFor(dockerfile, instruction, scope);
        if (expanded.kind === 'env') scope.setEnv(expanded.pairs);
      }
    }
  }
}

function onlyRefuses(text: string): void {
  try {
    useAll(text);
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
  }
}

/** Every line is part of exactly one instruction, or it is blank or a comment. */
function coversAll(text: string): void {
  const { nodes } = readNodes({ filename: 'Dockerfile', text });
  const lines = text.replace(/^\ufeff/, '').split('\n');
  let line = 1;
  const nothing = (end: number) => {
    for (; line < end; line++) expect(lines[line - 1]).toMatch(/^\s*(#.*)?$/s);
  };
  for (const { location } of nodes) {
    expect(location.start).toBeGreaterThanOrEqual(line);
    expect(location.end).toBeGreaterThanOrEqual(location.start);
    nothing(location.start);
    line = location.end + 1;
  }
  nothing(lines.length + 1);
}

const snippets = [
  ...'FROM RUN COPY ADD ENV ARG LABEL ONBUILD CMD SHELL EXPOSE HEALTHCHECK VOLUME USER WORKDIR AS --from= --mount= --'.split(
    ' ',
  ),
  ...[
    'type=cache,',
    'target=/',
    '<<EOF',
    '<<-"X"',
    '\nEOF\n',
    '\nX\n',
    '\\\n',
    '`\n',
    '\n',
    '\r\n',
    '\t',
    ' ',
    '#',
    '# escape=`\n',
  ],
  ...[
    '${',
    '}',
    '$a',
    ':-',
    '##',
    '%',
    '//',
    '*',
    '?',
    '"',
    "'",
    '\\',
    '[',
    ']',
    ',',
    '=',
    '["a"]',
    'a',
    '0',
    '\u0000',
    '\ufeff',
    '한',
  ],
];
const mixture = fc
  .array(fc.constantFrom(...snippets), { maxLength: 60 })
  .map((parts) => `${parts.length % 3 === 0 ? '' : 'FROM a AS b\n'}${parts.join('')}`);

const mutated = fc
  .tuple(
    fc.constantFrom(...corpus.map(({ text }) => text)),
    fc.array(
      fc.tuple(
        fc.nat(4000),
        fc.nat(40),
        fc.oneof(fc.constantFrom(...snippets), fc.string({ unit: 'binary' })),
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((current, [at, removed, added]) => {
      const start = at % (current.length + 1);
      return current.slice(0, start) + added + current.slice(start + removed);
    }, text),
  );

describe('the corpus', () => {
  for (const { name, text } of corpus)
    test(name, () => {
      useAll(text);
      coversAll(text);
    });
});

/** Runs under load as well: what counts is that they end. */
const timeout = 60_000;

describe('whatever comes, it is read or refused', () => {
  const check = (texts: fc.Arbitrary<string>, numRuns: number) => () =>
    fc.assert(fc.property(texts, onlyRefuses), { numRuns });
  test('characters', check(fc.string({ unit: 'binary', maxLength: 300 }), 1000), timeout);
  test('pieces of the language', check(mixture, 2000), timeout);
  test('the corpus with changes', check(mutated, 1000), timeout);
});

test(
  'source ranges cover the text',
  () => {
    const property = fc.property(fc.oneof(mixture, mutated), (text) => {
      try {
        readNodes({ filename: 'Dockerfile', text });
      } catch {
        return;
      }
      coversAll(text);
    });
    fc.assert(property, { numRuns: 1000 });
  },
  timeout,
);

test(
  'large files are read, too',
  () => {
    const comments = '# comment\n'.repeat(200_000);
    const continued = `RUN a \\\n${'  b \\\n'.repeat(200_000)}  c\n`;
    const stages = Array.from(
      { length: 3000 },
      (_, index) => `FROM s${index} AS s${index + 1}\nCOPY --from=${index} a b\n`,
    );
    const variables = Array.from({ length: 3000 }, (_, index) => `ENV v${index}=$v${index - 1} w=\${w:-x}\n`);
    const text = `${comments}FROM scratch AS s0\n${continued}${stages.join('')}${variables.join('')}`;
    useAll(text);
  },
  timeout,
);
