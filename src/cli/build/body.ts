/** The body of `POST /gantry/build` from the options, but for what has to be sent first. */
import type { BuildBody } from '../../api/types/builds.ts';
import { type ConfigFile, proxyEnvironment } from '../config.ts';
import { pairsToMap } from '../create/files.ts';
import type { FlagValues } from '../flags/parse.ts';
import { cacheOptions } from './cache-options.ts';
import { epochOf, withEpoch } from './epoch.ts';
import { limitsOf } from './limits.ts';
import type { Outputs } from './outputs.ts';
import { readSecrets } from './secrets.ts';

/** `host`: of the daemon, by which the configuration names proxies. */
export function bodyOf(
  flags: FlagValues,
  outputs: Outputs,
  config: ConfigFile,
  host: string,
): Omit<BuildBody, 'Context' | 'Dockerfile' | 'CacheFrom'> {
  const args = withEpoch(buildArgs(flags.list('build-arg'), config, host));
  const epoch = epochOf(args);
  const cache = cacheOptions(flags);
  const archived = outputs.list.some(({ type }) => type === 'archive');
  return {
    Target: flags.string('target'),
    Tags: outputs.keepsImage || archived ? [...flags.list('tag'), ...outputs.names] : [],
    Args: args,
    Labels: pairsToMap(flags.list('label')),
    Platform: flags.list('platform')[0] ?? process.env.DOCKER_DEFAULT_PLATFORM ?? '',
    Pull: flags.bool('pull'),
    NoCache: flags.bool('no-cache'),
    NoCacheFilter: [...flags.list('no-cache-filter')],
    NetworkMode: flags.string('network'),
    Secrets: readSecrets(flags.list('secret')),
    ...(cache.to.length > 0 && { CacheTo: cache.mode }),
    InlineCache: cache.inline || args.BUILDKIT_INLINE_CACHE === '1',
    Squash: flags.bool('squash'),
    Allow: flags.list('allow').filter((name) => name === 'network.host' || name === 'security.insecure'),
    ...(epoch !== undefined && { Epoch: epoch }),
    Limits: limitsOf(flags),
  };
}

/** A name alone has the value that it has here, and is left out when it has none. */
export function buildArgs(
  given: readonly string[],
  config: ConfigFile,
  host: string,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const own = given.flatMap((text) => {
    if (text.includes('=')) return [text];
    const value = env[text];
    return value === undefined ? [] : [`${text}=${value}`];
  });
  return pairsToMap([...proxyEnvironment(config, host, given), ...own]);
}
