/** `--progress rawjson`: lines in the shape of BuildKit's SolveStatus, for programs. */
import type { BuildNews } from './state.ts';

const digestOf = (id: number) =>
  `sha256:${new Bun.CryptoHasher('sha256').update(`step ${id}`).digest('hex')}`;
const timeOf = (milliseconds: number) => new Date(milliseconds).toISOString();

/** Steps by id: what BuildKit says of a vertex is always all that is known of it. */
export class RawJson {
  readonly #vertexes = new Map<number, { digest: string; name: string; started: string }>();

  /** null: BuildKit has nothing like it. */
  line(news: BuildNews): object | null {
    const timestamp = timeOf(news.time);
    switch (news.kind) {
      case 'step': {
        const vertex = { digest: digestOf(news.id), name: news.step.title, started: timestamp };
        this.#vertexes.set(news.id, vertex);
        return { vertexes: [vertex] };
      }
      case 'end':
        return {
          vertexes: [{ ...this.#vertexes.get(news.id), completed: timestamp, ...ended(news.outcome) }],
        };
      case 'output': {
        const stream = news.stream === 'stdout' ? 1 : 2;
        return { logs: [{ vertex: digestOf(news.id), stream, data: news.bytes, timestamp }] };
      }
      case 'progress': {
        const { id, subject, status, current = 0, total } = news;
        const moved = { id: subject || status, vertex: digestOf(id), name: status, current, timestamp };
        return { statuses: [{ ...moved, ...(total !== undefined && { total }) }] };
      }
      case 'warning': {
        const { rule, message, description, url, location } = news.warning;
        const texts = {
          short: encode(`${rule}: ${message} (line ${location.start})`),
          detail: [encode(description)],
        };
        const range = [{ start: { line: location.start }, end: { line: location.end } }];
        return { warnings: [{ level: 1, ...texts, url, range }] };
      }
      case 'container':
        return null;
    }
  }
}

const encode = (text: string) => Buffer.from(text).toString('base64');

function ended(outcome: Extract<BuildNews, { kind: 'end' }>['outcome']) {
  if (outcome.kind === 'failed') return { error: outcome.error };
  return outcome.kind === 'cached' ? { cached: true } : {};
}
