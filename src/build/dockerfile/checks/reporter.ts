/** Collects the warnings of one file. */
import { DockerfileError } from '../error.ts';
import type { Location } from '../location.ts';
import { type CheckOptions, parseCheckOptions, selects } from './options.ts';
import { isExperimental, type RuleName, rules, ruleUrl } from './rules.ts';

export interface Warning {
  rule: RuleName;
  /** Of the rule, a whole sentence. */
  description: string;
  /** Docker's page about it; "" for the one rule that has none. */
  url: string;
  /** What is wrong here. */
  message: string;
  location: Location;
}

/** What a warning is about: an instruction, whose comments may say `check=skip=…` for it alone. */
export interface Subject {
  location: Location;
  comments?: readonly string[];
}

export class Reporter {
  readonly warnings: Warning[] = [];
  /** Why a build of this would end, if it would; the first reason. */
  refusal: DockerfileError | null = null;

  constructor(readonly options: CheckOptions) {}

  /** The value, or null when the Dockerfile is refused there. */
  attempt<T>(body: () => T): T | null {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof DockerfileError)) throw error;
      this.refusal ??= error;
      return null;
    }
  }

  warn(rule: RuleName, { location, comments = [] }: Subject, message: string): void {
    const all = [this.options, ...ownOptions(comments)];
    const runs = isExperimental(rule)
      ? all.some(({ experimental }) => selects(experimental, rule))
      : !all.some(({ skip }) => selects(skip, rule));
    if (!runs) return;
    const { description } = rules[rule];
    this.warnings.push({ rule, description, url: ruleUrl(rules[rule]), message, location });
  }
}

const inComment = /^check\s*=\s*(\S.*)$/i;

/** The first comment with options counts; one that cannot be read is ignored. */
function ownOptions(comments: readonly string[]): CheckOptions[] {
  const value = comments.map((comment) => inComment.exec(comment)?.[1]).find((match) => match !== undefined);
  if (value === undefined) return [];
  try {
    return [parseCheckOptions(value)];
  } catch {
    return [];
  }
}
