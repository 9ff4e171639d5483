/** What registries answered, in Docker's JSON. */
import type { RemoteImage } from '../../images/distribution/model.ts';
import type { SearchResult } from '../../registry/client/model.ts';
import type { DistributionInspect, SearchResult as SearchResultJson } from '../types/registry.ts';

export function remoteImageJson({ descriptor, platforms }: RemoteImage): DistributionInspect {
  return { Descriptor: descriptor, Platforms: platforms };
}

export function searchResultJson(result: SearchResult): SearchResultJson {
  return {
    star_count: result.stars,
    is_official: result.official,
    name: result.name,
    is_automated: result.automated,
    description: result.description,
  };
}
