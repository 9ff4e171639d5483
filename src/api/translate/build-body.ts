/** The body of `POST /gantry/build`: everything that a build can be asked for. */
import type { BuildRequest, ContextSource, NamedContext, StepLimits } from '../../build/model.ts';
import { invalid } from '../../lib/errors.ts';
import { parseTags, platformOf } from './build-query.ts';
import { Fields } from './fields.ts';
import { decodeRegistryConfig } from './registry-config.ts';

export function parseBuildBody(body: unknown, registryConfig: string): BuildRequest {
  const fields = Fields.of(body, 'BuildBody');
  const context = fields.object('Context');
  if (context === null) throw invalid('a build needs a Context');
  return {
    context: contextOf(context),
    dockerfile: dockerfileOf(fields.object('Dockerfile')),
    contexts: new Map(fields.entries('Contexts').map(([name, value]) => [name, namedContextOf(value)])),
    target: fields.text('Target'),
    tags: parseTags(fields.texts('Tags')),
    args: new Map(Object.entries(fields.textMap('Args'))),
    labels: fields.textMap('Labels'),
    platform: platformOf(fields.text('Platform')),
    pull: fields.boolean('Pull'),
    noCache: noCacheOf(fields),
    network: fields.text('NetworkMode') || 'default',
    limits: limitsOf(fields.object('Limits') ?? Fields.of(null, 'BuildLimits')),
    secrets: secretsOf(fields.textMap('Secrets')),
    agents: { session: sessionOf(fields), ids: new Set(fields.texts('Agents')) },
    cacheFrom: fields.texts('CacheFrom'),
    inlineCache: fields.boolean('InlineCache'),
    cacheTo: cacheToOf(fields.text('CacheTo')),
    squash: fields.boolean('Squash'),
    allow: allowed(fields.texts('Allow')),
    epoch: fields.integerOrNull('Epoch'),
    credentials: decodeRegistryConfig(registryConfig),
  };
}

function cacheToOf(text: string): BuildRequest['cacheTo'] {
  if (text !== '' && text !== 'min' && text !== 'max') throw invalid(`invalid CacheTo: ${text}`);
  return text || null;
}

function sessionOf(fields: Fields): string {
  const session = fields.text('Session');
  if (session === '' && fields.texts('Agents').length > 0)
    throw invalid('a build with Agents needs a Session');
  return session;
}

function allowed(names: readonly string[]): BuildRequest['allow'] {
  return new Set(
    names.map((name) => {
      if (name !== 'network.host' && name !== 'security.insecure')
        throw invalid(`invalid entitlement: ${name}`);
      return name;
    }),
  );
}

function contextOf(fields: Fields): ContextSource {
  const [id, url] = [fields.text('Id'), fields.text('Url')];
  if ((id === '') === (url === '')) throw invalid('a context has either an Id or a Url');
  return id === '' ? { kind: 'remote', url } : { kind: 'added', id };
}

function namedContextOf(fields: Fields): NamedContext {
  return fields.has('Image') ? { kind: 'image', name: fields.text('Image') } : contextOf(fields);
}

function dockerfileOf(fields: Fields | null): BuildRequest['dockerfile'] {
  if (fields?.has('Text')) return { text: fields.text('Text'), name: fields.text('Name') || 'Dockerfile' };
  return { path: fields?.text('Path') || 'Dockerfile' };
}

function noCacheOf(fields: Fields): BuildRequest['noCache'] {
  const stages = fields.texts('NoCacheFilter');
  return fields.boolean('NoCache') || (stages.length === 0 ? false : stages);
}

function secretsOf(encoded: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(encoded).map(([id, text]) => [id, Buffer.from(text, 'base64')]));
}

function limitsOf(fields: Fields): StepLimits {
  return {
    cgroupParent: fields.text('CgroupParent'),
    cpuPeriod: fields.integer('CpuPeriod'),
    cpuQuota: fields.integer('CpuQuota'),
    cpuShares: fields.integer('CpuShares'),
    cpusetCpus: fields.text('CpusetCpus'),
    cpusetMems: fields.text('CpusetMems'),
    extraHosts: fields.texts('ExtraHosts'),
    memory: fields.integer('Memory'),
    memorySwap: fields.integer('MemorySwap'),
    securityOpt: fields.texts('SecurityOpt'),
    shmSize: fields.integer('ShmSize'),
    ulimits: fields.list('Ulimits', (limit) => ({
      name: limit.text('Name'),
      soft: limit.integer('Soft'),
      hard: limit.integer('Hard'),
    })),
  };
}
