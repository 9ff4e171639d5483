/** What variables mean at one point of a stage. */
import type { Dockerfile } from './dockerfile.ts';
import { locating } from './error.ts';
import type { Arg, Pair } from './instructions/model.ts';
import type { GlobalArgs } from './platform-args.ts';
import { expand, type Variables } from './shell/lexer.ts';

/** Docker's default, for images that set none. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Settings of BuildKit's scanner for bills of materials; ARGs in name only. */
const unseen = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

export interface ArgValue {
  name: string;
  /** null = declared without a value, and none was given. */
  value: string | null;
}

function splitVariable(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

/**
 * Goes along with a stage from instruction to instruction. ENV and ARG share one space of names in which the later wins, as
 * in BuildKit; a stage inherits its base stage's, ARGs included.
 */
export class Scope {
  readonly #variables: Map<string, string>;
  readonly #image: Map<string, string>;
  readonly #args: ArgValue[];

  private constructor(variables: Variables, image: Variables, args: readonly ArgValue[]) {
    this.#variables = new Map(variables);
    this.#image = new Map(image);
    this.#args = [...args];
  }

  /** The beginning of a stage: `env` of its base image ("name=value"; [] for scratch). There is always a PATH. */
  static ofImage(env: readonly string[]): Scope {
    const variables = new Map(env.map(splitVariable));
    if (!variables.has('PATH')) variables.set('PATH', defaultPath);
    return new Scope(variables, variables, []);
  }

  /** The beginning of a stage that is built from the stage this scope belongs to, at its end. */
  fork(): Scope {
    return new Scope(this.#variables, this.#image, this.#args);
  }

  /** What `$x` is replaced by, and the environment of RUN (to which `proxyVariables` are added, unseen by expansion). */
  get variables(): Variables {
    return this.#variables;
  }

  /** `Env` of the image config: "name=value", ARGs left out. */
  get imageEnv(): string[] {
    return [...this.#image].map(([name, value]) => `${name}=${value}`);
  }

  /** The ARGs declared so far, also in base stages, in order; BuildKit writes them into RUN's history. */
  get args(): readonly ArgValue[] {
    return this.#args;
  }

  /** Of an expanded ENV. */
  setEnv(pairs: readonly Pair[]): void {
    for (const { key, value } of pairs) {
      this.#variables.set(key, value);
      this.#image.set(key, value);
    }
  }

  /**
   * --build-arg, else the default that is written here, else the ARG of the same name above the first FROM. Returns the final
   * values, and the variables used in defaults that are neither set nor declared. Throws DockerfileError.
   */
  declareArgs(
    dockerfile: Pick<Dockerfile, 'filename' | 'text' | 'escapeToken'>,
    { declarations, location }: Arg,
    globals: GlobalArgs,
  ): { values: ArgValue[]; unset: string[] } {
    return locating(dockerfile, location, () => {
      const unset: string[] = [];
      const values = declarations.map(({ name, value }) => {
        const given = globals.buildArgs.get(name);
        if (given !== undefined) return this.#declare(name, given);
        if (value === null) return this.#declare(name, globals.values.get(name) ?? null);
        const { text, unmatched } = expand(value, this.#variables, { escapeToken: dockerfile.escapeToken });
        unset.push(...this.undeclared(unmatched));
        return this.#declare(name, text);
      });
      return { values, unset };
    });
  }

  #declare(name: string, value: string | null): ArgValue {
    const arg = { name, value };
    this.#args.push(arg);
    if (value !== null && !unseen.has(name)) this.#variables.set(name, value);
    return arg;
  }

  /** Those of the names that no ARG declares. */
  undeclared(names: Iterable<string>): string[] {
    return [...names].filter((name) => !unseen.has(name) && !this.#args.some((arg) => arg.name === name));
  }
}

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/**
 * The predefined proxy ARGs that were given, in both spellings: RUN sees them without a declaration, `$HTTP_PROXY` in the
 * Dockerfile does not, and they are no part of what a cache compares.
 */
export function proxyVariables(buildArgs: Variables): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [name, value] of buildArgs) {
    if (!proxies.includes(name.toUpperCase()) || value === '') continue;
    variables.set(name.toUpperCase(), value);
    variables.set(name.toLowerCase(), value);
  }
  return variables;
}
