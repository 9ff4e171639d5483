/** The route table: compiled once, looked up by method and first segment. */
import type { Handler, Parameters } from './exchange.ts';

export interface Route {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  /** `{id}` is one segment; `{name*}` is one or more (image names contain slashes). */
  path: string;
  handler: Handler;
}

export const route = (method: Route['method'], path: string, handler: Handler): Route => ({
  method,
  path,
  handler,
});

interface Compiled {
  segments: string[];
  /** Index of the segment that takes many, or -1. */
  greedy: number;
  handler: Handler;
}

export interface Found {
  handler: Handler;
  parameters: Parameters;
}

export class Router {
  readonly #table = new Map<string, Compiled[]>();

  /** Of two routes that both match, the one given first wins. */
  constructor(routes: readonly Route[]) {
    for (const { method, path, handler } of routes) {
      const segments = split(path);
      const key = keyOf(method, segments);
      const row = this.#table.get(key) ?? [];
      row.push({ segments, greedy: segments.findIndex((segment) => segment.endsWith('*}')), handler });
      this.#table.set(key, row);
    }
  }

  /** `path` is already percent-decoded, as Docker matches it. */
  find(method: string, path: string): Found | null {
    const segments = split(path);
    for (const key of [keyOf(method, segments), `${method} *`])
      for (const candidate of this.#table.get(key) ?? []) {
        const parameters = match(candidate, segments);
        if (parameters) return { handler: candidate.handler, parameters };
      }
    return null;
  }
}

/** Routes that begin with a parameter are in the row `*`. */
function keyOf(method: string, [first = '']: readonly string[]): string {
  return `${method} ${first.startsWith('{') ? '*' : first}`;
}

function split(path: string): string[] {
  return path.slice(1).split('/');
}

function match({ segments, greedy }: Compiled, given: readonly string[]): Parameters | null {
  const extra = given.length - segments.length;
  if (greedy < 0 ? extra !== 0 : extra < 0) return null;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const at = greedy >= 0 && index > greedy ? index + extra : index;
    const text = index === greedy ? given.slice(index, index + extra + 1).join('/') : (given[at] ?? '');
    if (!segment.startsWith('{')) {
      if (segment !== text) return null;
    } else {
      if (text === '') return null;
      parameters[segment.slice(1, index === greedy ? -2 : -1)] = text;
    }
  }
  return parameters;
}
