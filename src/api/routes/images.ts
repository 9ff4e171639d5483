/** Looking at images, naming and removing them. */

import type { System } from '../../engine/model.ts';
import type { Image, Images } from '../../images/model.ts';
import { invalid, notFound } from '../../lib/errors.ts';
import { parsePlatform, platformScore } from '../../oci/platform.ts';
import { type Filters, parseFilters } from '../http/filters.ts';
import { booleanParameter, platformParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { historyJson, imageInspectJson, imageSummaryJson } from '../translate/image.ts';
import { imageFilterKeys, type NamedImages, selectImages } from '../translate/image-filter.ts';
import type { ImageDeleteItem, ImagesPruneReport } from '../types/images.ts';

type Reading = Pick<Images, 'get' | 'list' | 'history' | 'tag' | 'remove' | 'prune'>;
type Usage = Pick<System, 'info' | 'diskUsage'>;

const deletions = ({ untagged, deleted }: { untagged: string[]; deleted: string[] }): ImageDeleteItem[] => [
  ...untagged.map((name) => ({ Untagged: name })),
  ...deleted.map((id) => ({ Deleted: id })),
];

export function imageRoutes(images: Reading, system: Usage): Route[] {
  return [
    route('GET', '/images/json', async (exchange) => {
      const { query, version } = exchange;
      const filters = listFilters(query, version);
      const selected = selectImages(await images.list(), {
        filters,
        named: await lookUpNamed(filters, images),
        all: booleanParameter(query, 'all'),
        now: Date.now(),
      });
      const counts = booleanParameter(query, 'shared-size') ? await countsByImage(system) : null;
      const rows = selected.map((image) =>
        imageSummaryJson(image, version, counts?.get(image.id) ?? { containers: -1, sharedSize: -1 }),
      );
      exchange.json(200, rows);
    }),
    route('GET', '/images/{name*}/json', async (exchange) => {
      const name = exchange.parameter('name');
      const image = await images.get(name);
      checkPlatform(name, image, exchange.query);
      const { driver } = await system.info();
      exchange.json(200, imageInspectJson(image, exchange.version, { driver }));
    }),
    route('GET', '/images/{name*}/history', async (exchange) =>
      exchange.json(200, historyJson(await images.history(exchange.parameter('name')))),
    ),
    route('POST', '/images/{name*}/tag', async (exchange) => {
      const repository = textParameter(exchange.query, 'repo');
      const tag = textParameter(exchange.query, 'tag');
      await images.tag(exchange.parameter('name'), tag ? `${repository}:${tag}` : repository);
      exchange.empty(201);
    }),
    route('POST', '/images/prune', async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), ['dangling', 'label', 'label!', 'until']);
      const pruned = await images.prune(filters);
      const items = deletions(pruned);
      exchange.json(200, {
        ImagesDeleted: items.length > 0 ? items : null,
        SpaceReclaimed: pruned.space,
      } satisfies ImagesPruneReport);
    }),
    route('DELETE', '/images/{name*}', async (exchange) => {
      const { query } = exchange;
      const removed = await images.remove(exchange.parameter('name'), {
        force: booleanParameter(query, 'force'),
        noPrune: booleanParameter(query, 'noprune'),
      });
      exchange.json(200, deletions(removed));
    }),
  ];
}

/** Before 1.41 there was also `filter`, a pattern of names. */
function listFilters(query: URLSearchParams, version: number): Filters {
  const filters = parseFilters(query.get('filters'), imageFilterKeys);
  const pattern = version < 41 ? textParameter(query, 'filter') : '';
  if (pattern === '') return filters;
  return new Map([...filters, ['reference', [...(filters.get('reference') ?? []), pattern]]]);
}

/** An inspect can ask for one platform of an image; here each image has one. */
function checkPlatform(name: string, image: Image, query: URLSearchParams): void {
  const wanted = platformParameter(query);
  if (wanted === '') return;
  if (booleanParameter(query, 'manifests'))
    throw invalid('conflicting options: manifests and platform options cannot both be set');
  if (platformScore(parsePlatform(wanted), image.config) > 0) return;
  throw notFound(
    `image with reference ${name} was found but does not provide the specified platform (${wanted})`,
  );
}

async function lookUpNamed(filters: Filters, images: Reading): Promise<NamedImages> {
  const [before] = filters.get('before') ?? [];
  const [since] = filters.get('since') ?? [];
  return {
    before: before === undefined ? null : await images.get(before),
    since: since === undefined ? null : await images.get(since),
  };
}

async function countsByImage(system: Usage) {
  const { images } = await system.diskUsage();
  return new Map(images.map(({ image, containers, sharedSize }) => [image.id, { containers, sharedSize }]));
}
