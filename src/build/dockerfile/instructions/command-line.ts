/** RUN, CMD, ENTRYPOINT, SHELL. */
import { problem } from '../error.ts';
import { heredocMarkOrNull, heredocText } from '../lines/heredoc.ts';
import { parseJsonForm } from '../lines/json-form.ts';
import type { Node } from '../lines/nodes.ts';
import { didYouMean } from '../suggest.ts';
import { quote } from '../text.ts';
import { parseFlags } from './flags.ts';
import type {
  Cmd,
  CommandLine,
  Entrypoint,
  Run,
  RunCommandLine,
  RunNetwork,
  RunSecurity,
  Shell,
} from './model.ts';
import { readMount } from './mount.ts';
import { common, needsSome, type Request } from './request.ts';

/** An empty line is the shell form with nothing to do, as for BuildKit. */
function parseCommandLine(args: string): CommandLine {
  const argv = parseJsonForm(args);
  return argv === null ? { form: 'shell', text: args } : { form: 'exec', argv };
}

function withHeredocs({ args, heredocs }: Node): RunCommandLine {
  const [first] = heredocs;
  if (first === undefined) return parseCommandLine(args);
  if (heredocMarkOrNull(args) === null) {
    const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { form: 'shell', text: args + bodies.join('') };
  }
  const text = heredocText(first);
  return first.content.startsWith('#!')
    ? { form: 'script', name: first.name, text }
    : { form: 'shell', text };
}

const networks: readonly RunNetwork[] = ['default', 'none', 'host'];
const securities: readonly RunSecurity[] = ['sandbox', 'insecure'];

export function parseRun({ node }: Request): Run {
  const flags = parseFlags(node.flags, {
    mount: 'strings',
    network: 'string',
    security: 'string',
    device: 'strings',
  });
  if (flags.device.length > 0)
    throw problem('RUN --device is not supported: gantry gives builds no devices', '--device');
  const network = networks.find((name) => name === (flags.network ?? 'default'));
  if (network === undefined)
    throw problem(
      `invalid network mode ${quote(flags.network ?? '')}${didYouMean(flags.network ?? '', networks)}`,
      '--network',
    );
  const security = securities.find((name) => name === (flags.security ?? 'sandbox'));
  if (security === undefined)
    throw problem(`security ${quote(flags.security ?? '')} is not valid`, '--security');
  const mounts = flags.mount.map(readMount);
  return { ...common(node), kind: 'run', command: withHeredocs(node), mounts, network, security };
}

export function parseCmd({ node }: Request): Cmd {
  parseFlags(node.flags, {});
  return { ...common(node), kind: 'cmd', command: parseCommandLine(node.args) };
}

export function parseEntrypoint({ node }: Request): Entrypoint {
  parseFlags(node.flags, {});
  return { ...common(node), kind: 'entrypoint', command: parseCommandLine(node.args) };
}

export function parseShell({ node }: Request): Shell {
  parseFlags(node.flags, {});
  const argv = node.args === '' ? [] : parseJsonForm(node.args);
  if (argv === null) throw problem('SHELL requires the arguments to be in JSON form', node.args);
  if (argv.length === 0) throw needsSome('SHELL');
  return { ...common(node), kind: 'shell', argv };
}
