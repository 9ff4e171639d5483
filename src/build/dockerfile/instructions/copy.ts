/** COPY and ADD. */
import { problem } from '../error.ts';
import { heredocMarkOrNull, heredocText } from '../lines/heredoc.ts';
import { parseJsonForm } from '../lines/json-form.ts';
import type { Node } from '../lines/nodes.ts';
import { splitBlanks } from '../text.ts';
import { parseFlags } from './flags.ts';
import type { Add, Copy, InlineFile } from './model.ts';
import { common, type Request } from './request.ts';

interface Paths {
  sources: string[];
  inline: InlineFile[];
  destination: string;
}

function words({ args }: Node, name: string): string[] {
  const found = parseJsonForm(args) ?? splitBlanks(args);
  if (found.length >= 2) return found;
  throw problem(
    `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
  );
}

/** A word that is the mark of a heredoc is its body; the body of two with the same name is the last one's, as in BuildKit. */
function parsePaths(found: readonly string[], { heredocs }: Node, name: string): Paths {
  const destination = found.at(-1) ?? '';
  if (heredocMarkOrNull(destination) !== null)
    throw problem(`${name} cannot accept a heredoc as a destination`, destination);
  const paths: Paths = { sources: [], inline: [], destination };
  for (const word of found.slice(0, -1)) {
    const mark = heredocMarkOrNull(word);
    const heredoc = heredocs.findLast((candidate) => candidate.name === mark?.name);
    if (mark === null) paths.sources.push(word);
    else {
      const content = heredoc === undefined ? '' : heredocText({ ...heredoc, stripTabs: mark.stripTabs });
      paths.inline.push({ name: mark.name, content, expand: mark.expand });
    }
  }
  return paths;
}

export function parseCopy({ node }: Request): Copy {
  const found = words(node, 'COPY');
  const { from, chown, chmod, link, parents, exclude } = parseFlags(node.flags, {
    from: 'string',
    chown: 'string',
    chmod: 'string',
    link: 'boolean',
    parents: 'boolean',
    exclude: 'strings',
  });
  return {
    ...common(node),
    kind: 'copy',
    ...parsePaths(found, node, 'COPY'),
    from: from || null,
    owner: chown || null,
    mode: chmod || null,
    link: link ?? false,
    parents: parents ?? false,
    exclude,
  };
}

export function parseAdd({ node }: Request): Add {
  const found = words(node, 'ADD');
  const flags = parseFlags(node.flags, {
    chown: 'string',
    chmod: 'string',
    link: 'boolean',
    exclude: 'strings',
    checksum: 'string',
    'keep-git-dir': 'boolean',
    unpack: 'boolean',
  });
  return {
    ...common(node),
    kind: 'add',
    ...parsePaths(found, node, 'ADD'),
    owner: flags.chown || null,
    mode: flags.chmod || null,
    link: flags.link ?? false,
    exclude: flags.exclude,
    checksum: flags.checksum || null,
    keepGitDir: flags['keep-git-dir'],
    unpack: flags.unpack,
  };
}
