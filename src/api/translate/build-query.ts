/** `POST /build`: Docker's query parameters. */
import type { BuildRequest, ContextSource, StepLimits } from '../../build/model.ts';
import { invalid, unsupported } from '../../lib/errors.ts';
import { familiarName, parseReference, withTag } from '../../lib/reference.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { booleanParameter, textParameter } from '../http/query.ts';
import { epochOf, hasInlineCache } from './build-args.ts';
import type { Removal } from './classic-step.ts';
import { Fields } from './fields.ts';
import { itemsParameter, textMapParameter, textsParameter } from './json-parameter.ts';
import { decodeRegistryConfig } from './registry-config.ts';

/** `body`: the context, unless the parameters name another. */
export function parseBuildQuery(
  query: URLSearchParams,
  registryConfig: string,
  body: AsyncIterable<Uint8Array>,
): BuildRequest {
  refuseOthers(query);
  const args = buildArgs(query);
  return {
    context: contextOf(query, body),
    dockerfile: { path: textParameter(query, 'dockerfile') || 'Dockerfile' },
    contexts: new Map(),
    target: textParameter(query, 'target'),
    tags: parseTags(query.getAll('t')),
    args,
    labels: labelsOf(query),
    platform: platformOf(textParameter(query, 'platform')),
    pull: booleanParameter(query, 'pull'),
    noCache: booleanParameter(query, 'nocache'),
    network: textParameter(query, 'networkmode') || 'default',
    limits: limitsOf(query),
    secrets: new Map(),
    agents: { session: '', ids: new Set() },
    cacheFrom: textsParameter(query, 'cachefrom'),
    inlineCache: hasInlineCache(args),
    cacheTo: null,
    squash: booleanParameter(query, 'squash'),
    allow: new Set(),
    epoch: epochOf(args),
    credentials: decodeRegistryConfig(registryConfig),
  };
}

/** gantry's intermediate containers never stay; these decide whether the stream speaks of it. */
export const removalOf = (query: URLSearchParams): Removal => ({
  rm: booleanParameter(query, 'rm', true) || booleanParameter(query, 'forcerm'),
  force: booleanParameter(query, 'forcerm'),
});

function refuseOthers(query: URLSearchParams): void {
  const version = textParameter(query, 'version');
  if (version === '2')
    throw unsupported(
      'builds over a BuildKit session are not supported by this version of gantry: use version 1 of the builder (DOCKER_BUILDKIT=0 for the docker command line)',
    );
  if (version !== '' && version !== '1') throw invalid(`invalid version ${JSON.stringify(version)}`);
  const isolation = textParameter(query, 'isolation');
  if (!['', 'default'].includes(isolation.toLowerCase()))
    throw invalid(`Unsupported isolation: ${JSON.stringify(isolation)}`);
  if (itemsParameter(query, 'outputs').length > 0)
    throw unsupported('outputs need version 2 of the builder, which this version of gantry does not have');
}

function contextOf(query: URLSearchParams, archive: AsyncIterable<Uint8Array>): ContextSource {
  const url = textParameter(query, 'remote');
  if (url === '') return { kind: 'tar', archive };
  if (!/^(https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/.test(url))
    throw invalid(`remoteURL (${url}) could not be recognized as URL`);
  return { kind: 'remote', url };
}

/** Without those that say the same as an earlier one. */
export function parseTags(texts: readonly string[]): string[] {
  const names = texts
    .filter((text) => text !== '')
    .map((text) => {
      const name = parseReference(text);
      if (name.digest !== null) throw invalid('build tag cannot contain a digest');
      return familiarName(withTag(name));
    });
  return [...new Set(names)];
}

export function platformOf(text: string): string {
  if (text !== '') parsePlatform(text);
  return text;
}

function buildArgs(query: URLSearchParams): Map<string, string> {
  const args = new Map<string, string>();
  for (const [name, value] of textMapParameter(query, 'buildargs', 'error reading build args: '))
    if (value !== null) args.set(name, value);
  return args;
}

function labelsOf(query: URLSearchParams): Record<string, string> {
  const labels = textMapParameter(query, 'labels', 'error reading labels: ');
  return Object.fromEntries([...labels].map(([name, value]) => [name, value ?? '']));
}

/** What is no number counts as none, as in Docker. */
function numberOf(query: URLSearchParams, name: string): number {
  const text = textParameter(query, name);
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

function limitsOf(query: URLSearchParams): StepLimits {
  return {
    cgroupParent: textParameter(query, 'cgroupparent'),
    cpuPeriod: numberOf(query, 'cpuperiod'),
    cpuQuota: numberOf(query, 'cpuquota'),
    cpuShares: numberOf(query, 'cpushares'),
    cpusetCpus: textParameter(query, 'cpusetcpus'),
    cpusetMems: textParameter(query, 'cpusetmems'),
    extraHosts: query.getAll('extrahosts').filter((host) => host !== ''),
    memory: numberOf(query, 'memory'),
    memorySwap: numberOf(query, 'memswap'),
    securityOpt: textsParameter(query, 'securityopt'),
    shmSize: shmSizeOf(query),
    ulimits: itemsParameter(query, 'ulimits', 'error reading ulimit settings: ').map(ulimitOf),
  };
}

function shmSizeOf(query: URLSearchParams): number {
  const text = textParameter(query, 'shmsize');
  if (text !== '' && !/^[+-]?\d+$/.test(text))
    throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) < 0) throw invalid('SHM size can not be less than 0');
  return Number(text);
}

function ulimitOf(value: unknown) {
  const limit = Fields.of(value, 'Ulimit');
  return { name: limit.text('Name'), soft: limit.integer('Soft'), hard: limit.integer('Hard') };
}
