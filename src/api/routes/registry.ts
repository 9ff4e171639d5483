/** What registries are asked for: push, search, login, and what a tag there points at. */
import type { Distribution } from '../../images/distribution/model.ts';
import { invalid, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { familiarName, parseReference } from '../../lib/reference.ts';
import { splitTerm } from '../../lib/registry-host.ts';
import { readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { platformParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress } from '../http/stream.ts';
import { remoteImageJson, searchResultJson } from '../translate/registry.ts';
import {
  credentialsFor,
  decodeRegistryAuth,
  type RegistryAuth,
  registryAuthOf,
} from '../translate/registry-auth.ts';
import { searchFilters, searchLimit } from '../translate/search.ts';
import type { AuthResponse } from '../types/registry.ts';

export function registryRoutes(distribution: Distribution, log: Log): Route[] {
  return [
    route('POST', '/images/{name*}/push', (exchange) => push(distribution, exchange, log)),
    route('GET', '/images/search', (exchange) => search(distribution, exchange)),
    route('POST', '/auth', (exchange) => login(distribution, exchange)),
    route('GET', '/distribution/{name*}/json', async (exchange) => {
      const { reference, credentials } = asked(exchange);
      exchange.json(
        200,
        remoteImageJson(await distribution.inspect(reference, credentials, exchange.signal)),
      );
    }),
    route('GET', '/gantry/manifests/{name*}', (exchange) => manifest(distribution, exchange)),
  ];
}

async function push(distribution: Distribution, exchange: Exchange, log: Log): Promise<void> {
  const { query } = exchange;
  const tag = textParameter(query, 'tag');
  const given = parseReference(exchange.parameter('name'));
  const name = tag === '' ? given : parseReference(`${familiarName({ ...given, tag: null })}:${tag}`);
  if (name.digest !== null) throw invalid('cannot push a digest reference');
  const credentials = credentialsFor(name.domain, await pushAuth(exchange));
  const options = { platform: platformParameter(query), allTags: name.tag === null, credentials };
  await sendProgress(exchange, log, (op) => distribution.push(familiarName(name), options, op));
}

/** Before there was the header, credentials came in the body; a push has one or the other. */
async function pushAuth(exchange: Exchange): Promise<RegistryAuth> {
  const header = exchange.header('x-registry-auth');
  if (header !== '') return decodeRegistryAuth(header);
  const missing = 'bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header';
  const body = await readJson(exchange).catch((error) => {
    throw invalid(`${missing}: ${messageOf(error)}`);
  });
  if (body === null) throw invalid(`${missing}: EOF`);
  return registryAuthOf(body);
}

async function search(distribution: Distribution, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const term = textParameter(query, 'term');
  if (term === '') throw invalid('invalid search term: it is empty');
  const options = {
    limit: searchLimit(textParameter(query, 'limit')),
    filters: searchFilters(query.get('filters')),
    credentials: credentialsFor(
      splitTerm(term).domain,
      decodeRegistryAuth(exchange.header('x-registry-auth')),
    ),
  };
  exchange.json(200, (await distribution.search(term, options, exchange.signal)).map(searchResultJson));
}

async function login(distribution: Distribution, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange);
  if (body === null) throw invalid('invalid JSON: got EOF while reading request body');
  const { domain, credentials } = registryAuthOf(body);
  const address = domain === null || domain === 'docker.io' ? '' : domain;
  const { status, identityToken } = await distribution.login(address, credentials, exchange.signal);
  exchange.json(200, { Status: status, IdentityToken: identityToken } satisfies AuthResponse);
}

/** The document itself, which Docker's own client fetches without its daemon. */
async function manifest(distribution: Distribution, exchange: Exchange): Promise<void> {
  const { reference, credentials } = asked(exchange);
  const { mediaType, digest, bytes } = await distribution.manifest(reference, credentials, exchange.signal);
  exchange.response.writeHead(200, {
    'Content-Type': mediaType,
    'Content-Length': bytes.length,
    'Docker-Content-Digest': digest,
  });
  exchange.response.end(bytes);
}

function asked(exchange: Exchange) {
  const text = exchange.parameter('name');
  if (/^(sha256:)?[0-9a-f]{64}$/.test(text)) throw invalid('no manifest found for full image ID');
  const { domain } = parseReference(text);
  const auth = decodeRegistryAuth(exchange.header('x-registry-auth'));
  return { reference: text, credentials: credentialsFor(domain, auth) };
}
