import { expect, test } from 'bun:test';
import { heredocMarks, heredocText, parseHeredocMark } from './heredoc.ts';

test('marks', () => {
  const plain = { name: 'EOF', fileDescriptor: 0, expand: true, stripTabs: false };
  expect(parseHeredocMark('<<EOF')).toEqual(plain);
  expect(parseHeredocMark('<< EOF')).toEqual(plain);
  expect(parseHeredocMark('3<<EOF')).toEqual({ ...plain, fileDescriptor: 3 });
  expect(parseHeredocMark('<<-EOF')).toEqual({ ...plain, stripTabs: true });
  for (const quoted of [`<<'EOF'`, `<<"EOF"`, `<<EO"F"`])
    expect(parseHeredocMark(quoted)).toEqual({ ...plain, expand: false });
  expect(parseHeredocMark(`<<eo\\'f`)).toEqual({ ...plain, name: "eo'f" });
  expect(parseHeredocMark(`<<'e'o\\'f`)).toEqual({ ...plain, name: "eo'f", expand: false });
  expect(parseHeredocMark(`<<'one two'`)?.name).toBe('one two');
  expect(parseHeredocMark('<<$EOF')?.name).toBe('$EOF');
});

test('what is none', () => {
  for (const word of ['', 'EOF', '<<', '<<-', '<EOF', '<<<EOF', '<<EOF sh'])
    expect(parseHeredocMark(word)).toBeNull();
  for (const word of [`<<'EOF`, '<<"EOF', `<<EOF'`])
    expect(() => parseHeredocMark(word)).toThrow('unexpected end');
});

test('marks of a line', () => {
  const names = (line: string) => heredocMarks(line).map((mark) => mark.name);
  expect(names('RUN <<EOF cat - 3<<-"X"')).toEqual(['EOF', 'X']);
  expect(names('RUN <<  EOF > foo')).toEqual(['EOF']);
  expect(names('RUN << -EOF')).toEqual(['-EOF']);
  expect(names(`RUN '<<EOF'`)).toEqual([]);
  expect(names(`RUN "<<EOF" x`)).toEqual([]);
  expect(names(`RUN echo it's <<EOF`)).toEqual([]);
});

test('only leading tabs go', () => {
  const heredoc = { name: 'E', fileDescriptor: 0, expand: true, content: '\t\ta\tb\n\r\tc\n' };
  expect(heredocText({ ...heredoc, stripTabs: true })).toBe('a\tb\n\r\tc\n');
  expect(heredocText({ ...heredoc, stripTabs: false })).toBe(heredoc.content);
});
