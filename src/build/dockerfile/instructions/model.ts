/** The instructions of a Dockerfile as a union; `kind` tells them apart. Types only. */
import type { ImageRunConfig } from '../../../oci/image.ts';
import type { Heredoc } from '../lines/heredoc.ts';
import type { Location } from '../location.ts';
import type { Mount, UnexpandedMount } from './mount-model.ts';
import type { ExposedPorts } from './ports.ts';

interface Common {
  /** The keyword as written: "RUN", "run". */
  keyword: string;
  /** The whole instruction in one line, without comments and heredoc bodies: what builders show. */
  source: string;
  /** Heredoc bodies included. */
  location: Location;
  /** In the order of the line; their bodies are as in the file. Empty for everything but RUN, COPY, ADD and ONBUILD. */
  heredocs: readonly Heredoc[];
  /** The comment lines directly above, without `#`. */
  comments: readonly string[];
}

/** A command in either form. The shell form is run by the SHELL of its stage. */
export type CommandLine = { form: 'shell'; text: string } | { form: 'exec'; argv: readonly string[] };

/**
 * What RUN runs. Heredocs are already put where they belong: `RUN <<EOF` is its body, in any other line the shell reads
 * them itself. `script` = a single heredoc that begins with `#!`: to be written, mode 0755, as `/dev/pipes/<name>` and
 * executed without the shell.
 */
export type RunCommandLine = CommandLine | { form: 'script'; name: string; text: string };

export interface From extends Common {
  kind: 'from';
  /** Unexpanded: an image, `scratch`, or a stage. */
  base: string;
  /** Unexpanded value of --platform, or null. */
  platform: string | null;
  as: { keyword: string; name: string } | null;
}

export interface ArgDeclaration {
  name: string;
  /** Unexpanded. null = none is written, which is not the same as an empty one. */
  value: string | null;
}

export interface Arg extends Common {
  kind: 'arg';
  /** At least one. Each sees the values of those before it. */
  declarations: readonly ArgDeclaration[];
}

/** Of ENV and LABEL. Keys, too, are expanded. */
export interface Pair {
  key: string;
  value: string;
  /** `ENV key value`, without a "=". */
  legacy: boolean;
}

export interface Env extends Common {
  kind: 'env';
  pairs: readonly Pair[];
}

export interface Label extends Common {
  kind: 'label';
  pairs: readonly Pair[];
}

export type RunNetwork = 'default' | 'none' | 'host';
export type RunSecurity = 'sandbox' | 'insecure';

/** The command is never expanded: variables are for its shell. */
export interface Run<M = UnexpandedMount> extends Common {
  kind: 'run';
  command: RunCommandLine;
  mounts: readonly M[];
  network: RunNetwork;
  security: RunSecurity;
}

export interface Cmd extends Common {
  kind: 'cmd';
  command: CommandLine;
}

export interface Entrypoint extends Common {
  kind: 'entrypoint';
  command: CommandLine;
}

export interface Shell extends Common {
  kind: 'shell';
  argv: readonly string[];
}

/** A file that the Dockerfile itself holds. */
export interface InlineFile {
  name: string;
  /** Expanded with backslash as escape and quotes as they are, if `expand`. */
  content: string;
  expand: boolean;
}

interface CopyLike extends Common {
  /** Paths, patterns, and for ADD also URLs. At least one source or inline file. */
  sources: readonly string[];
  inline: readonly InlineFile[];
  destination: string;
  /** "user:group"; null = none given. */
  owner: string | null;
  /** Octal or symbolic; null = none given. */
  mode: string | null;
  link: boolean;
  exclude: readonly string[];
}

export interface Copy extends CopyLike {
  kind: 'copy';
  /** A stage by name or number, or an image; null = the build context. Variables are refused. */
  from: string | null;
  parents: boolean;
}

export interface Add extends CopyLike {
  kind: 'add';
  checksum: string | null;
  /** null = not given: git keeps no .git, local archives are unpacked and downloaded ones are not. */
  keepGitDir: boolean | null;
  unpack: boolean | null;
}

export interface Workdir extends Common {
  kind: 'workdir';
  path: string;
}

export interface User extends Common {
  kind: 'user';
  user: string;
}

export interface Volume extends Common {
  kind: 'volume';
  paths: readonly string[];
}

export interface Expose extends Common {
  kind: 'expose';
  /** Sorted words, each of which may become several when it is expanded. */
  ports: readonly string[];
}

export interface ExpandedExpose extends Expose, ExposedPorts {
  /** "80/tcp" each, as the image config has them. */
  ports: string[];
}

export interface StopSignal extends Common {
  kind: 'stopsignal';
  signal: string;
}

export interface Healthcheck extends Common {
  kind: 'healthcheck';
  /** As the image config has it: durations in nanoseconds, absent = not given. */
  config: NonNullable<ImageRunConfig['Healthcheck']>;
}

export interface Onbuild extends Common {
  kind: 'onbuild';
  /** What the image config keeps: the trigger's text with its heredocs. Read it back with `parseTrigger`. */
  expression: string;
}

export interface Maintainer extends Common {
  kind: 'maintainer';
  name: string;
}

/** What can stand in a stage. */
export type Instruction =
  | Arg
  | Env
  | Label
  | Run
  | Cmd
  | Entrypoint
  | Shell
  | Copy
  | Add
  | Workdir
  | User
  | Volume
  | Expose
  | StopSignal
  | Healthcheck
  | Onbuild
  | Maintainer;

/** An instruction whose variables have been replaced. ARG is missing: it changes the scope and nothing else (scope.ts). */
export type ExpandedInstruction = Exclude<Instruction, Arg | Run | Expose> | Run<Mount> | ExpandedExpose;
