import { internal, invalid } from '../../lib/errors.ts';
import { documentLimit } from '../../oci/image-parse.ts';
import { requestWords } from './connection-failure.ts';
import type { Answer } from './exchange.ts';
import { firstOf } from './first-of.ts';
import type { Ask, Host } from './host.ts';
import { nextPage } from './link.ts';

/** Names on a page that we ask for; the registry decides. */
const pageSize = 1000;
/** A registry whose pages go in a circle must end somewhere. */
const pageLimit = 10_000;

type Listing = Pick<Ask, 'path' | 'scopes' | 'signal'> & { field: 'tags' | 'repositories' };

/** The names of `/tags/list` or `/_catalog`, page after page. */
export async function* namesOf(hosts: readonly Host[], listing: Listing): AsyncGenerator<string> {
  const { field, ...ask } = listing;
  const query = { n: String(pageSize) };
  let { host, answer } = await firstOf(hosts, ask.signal, async (candidate) => ({
    host: candidate,
    answer: await candidate.askOnce({ method: 'GET', query, ...ask }),
  }));
  for (let page = 0; page < pageLimit; page++) {
    const next = nextPage(answer.header('link'));
    yield* names(await answer.document(documentLimit), field, answer);
    if (next === null) return;
    answer = await host.ask({ method: 'GET', ...ask, path: pageUrl(host, answer, next) });
  }
  throw internal(`${requestWords(answer)}: the list has no end`);
}

/** Our credentials go with it: it must be the registry's own. */
function pageUrl(host: Host, answer: Answer, next: string): URL {
  const url = URL.parse(next, answer.url.href);
  if (url === null || !host.owns(host.secured(url)))
    throw invalid(`${requestWords(answer)}: the next page is not the registry's own`);
  return host.secured(url);
}

function names(document: Buffer, field: string, answer: Answer): string[] {
  let list: unknown;
  try {
    list = (Object(JSON.parse(document.toString())) as Record<string, unknown>)[field];
  } catch {
    throw invalid(`${requestWords(answer)}: the registry's list is not JSON`);
  }
  // An empty list is null where the registry is written in Go.
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string'))
    throw invalid(`${requestWords(answer)}: the registry's list is not a list of names`);
  return list;
}
