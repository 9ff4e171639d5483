import { describe, expect, test } from 'bun:test';
import { DockerfileError } from '../error.ts';
import { readNodes } from './nodes.ts';

const read = (text: string) => readNodes({ filename: 'Dockerfile', text });
const sources = (text: string) => read(text).nodes.map((node) => node.source);
const refusal = (text: string): DockerfileError => {
  try {
    read(text);
  } catch (error) {
    if (error instanceof DockerfileError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('directives', () => {
  const directives = (text: string) =>
    read(text).directives.map(({ key, value, location }) => `${location.start} ${key}=${value}`);
  test('in any casing and spacing, above everything else', () => {
    expect(directives('# syntax=a/b:1\n#ESCAPE = `\n# check = skip=all \nFROM a')).toEqual([
      '1 syntax=a/b:1',
      '2 escape=`',
      '3 check=skip=all',
    ]);
    expect(read('\ufeff#escape=`\r\nFROM a `\r\n b').nodes[0]?.source).toBe('FROM a  b');
  });
  test('none behind a comment, an empty line or an unknown key', () => {
    for (const text of [
      '# hello\n# escape=`\nFROM a',
      '\n# escape=`\nFROM a',
      '# foo=bar\n# escape=`\nFROM a',
    ])
      expect(directives(text)).toEqual([]);
  });
  test('behind a shebang, but not escape', () => {
    expect(directives('#!/usr/bin/env x\n# syntax=y\nFROM a')).toEqual(['2 syntax=y']);
    expect(read('#!/x\n# escape=`\nFROM a').escapeToken).toBe('\\');
  });
  test('twice, or with another escape character', () => {
    expect(refusal('# escape=\\\n# escape=`\nFROM a').message).toBe(
      'only one escape parser directive can be used',
    );
    expect(refusal('# escape=x\nFROM a').message).toBe("invalid escape token 'x' does not match ` or \\");
  });
});

describe('lines', () => {
  test('continuation: blanks behind the escape, comments and CRLF between, not two escapes', () => {
    expect(sources('RUN a \\ \t\n# c\n  # d\n b\nRUN c\\\\\nRUN d')).toEqual([
      'RUN a  b',
      'RUN c\\\\',
      'RUN d',
    ]);
    expect(sources('RUN a \\\r\n b\r\n')).toEqual(['RUN a  b']);
    expect(sources('\\\nRUN a \\')).toEqual(['RUN a']);
  });
  test('an empty line between is left out and told of', () => {
    const { nodes, emptyContinuations } = read(
      'RUN something \\\n\n  following \\\n\n  more\nRUN x \\\n# c\n y\n',
    );
    expect(nodes.map((node) => node.source)).toEqual(['RUN something   following   more', 'RUN x  y']);
    expect(emptyContinuations).toEqual([{ start: 5, end: 5 }]);
  });
  test('ranges', () => {
    const text = '# syntax=x\n\nFROM a\n\nRUN <<A cat \\\n  <<B\n1\nA\n2\nB\n# end\nCMD x\n';
    expect(read(text).nodes.map(({ location }) => [location.start, location.end])).toEqual([
      [3, 3],
      [5, 10],
      [12, 12],
    ]);
  });
  test('the comment lines directly above', () => {
    const comments = (text: string) => read(text).nodes.at(-1)?.comments;
    expect(comments('# syntax=x\n# a\n#b \nFROM a')).toEqual(['a', 'b']);
    expect(comments('# a\n#\n# b\nFROM a')).toEqual(['b']);
    expect(comments('# a\n\nFROM a')).toEqual([]);
    expect(comments('# a\nFROM a\nCMD b')).toEqual([]);
  });
});

describe('heredocs', () => {
  const contents = (text: string) => read(text).nodes[0]?.heredocs.map((heredoc) => heredoc.content);
  test('several, one after the other, as they are', () => {
    expect(contents('COPY <<X <<Y /d\nY\n# no comment \\\nX\nX\nY\nCMD z')).toEqual([
      'Y\n# no comment \\\n',
      'X\n',
    ]);
    expect(contents('RUN <<-E\n\ta\r\n\tE\r\n')).toEqual(['\ta\r\n']);
    expect(contents('RUN <<E\nE')).toEqual(['']);
  });
  test('only where they are one', () => {
    for (const text of ['USER <<E\nRUN E', 'RUN ["<<E"]\nRUN E', 'CMD <<E\nRUN E', 'ONBUILD CMD <<E\nRUN E'])
      expect(contents(text)).toEqual([]);
    expect(contents('onbuild run <<E\nx\nE')).toEqual(['x\n']);
  });
  test('one without an end is an error over the rest of the file', () => {
    const error = refusal('FROM a\nRUN <<E\nfoo\n');
    expect(error.message).toBe('unterminated heredoc');
    expect(error.location).toEqual({ start: 2, end: 3 });
    expect(error.caret).toEqual({ line: 2, column: 5 });
  });
});

test('sizes', () => {
  const longest = `LABEL a=${'x'.repeat(65535 - 8)}`;
  expect(sources(longest)).toEqual([longest]);
  expect(refusal(`FROM a\n${longest}x\n`).message).toBe(
    'dockerfile line greater than max allowed size of 65535',
  );
  expect(refusal(`FROM a\n${longest}x\n`).location.start).toBe(2);
  expect(refusal(`# ${'x'.repeat(4096)}\n`.repeat(4200)).message).toBe(
    'Dockerfile exceeds maximum allowed size',
  );
});
