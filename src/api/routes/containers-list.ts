/** Looking at containers: list, inspect, top. */

import type { Container } from '../../containers/model.ts';
import type { Containers } from '../../containers/service.ts';
import type { Images } from '../../images/model.ts';
import { isKind } from '../../lib/errors.ts';
import { type Filters, parseFilters } from '../http/filters.ts';
import { booleanParameter, integerParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { inspectJson } from '../translate/inspect.ts';
import { type Named, psFilterKeys, selectContainers } from '../translate/ps-filter.ts';
import { summaryJson } from '../translate/summary.ts';
import type { ContainerSummary, ContainerTop } from '../types/containers.ts';

type Reading = Pick<Containers, 'get' | 'list' | 'size' | 'top'>;
type ImageLookup = Pick<Images, 'get' | 'list'>;

export function listRoutes(containers: Reading, images: ImageLookup): Route[] {
  return [
    route('GET', '/containers/json', async (exchange) => {
      const { query, version } = exchange;
      const filters = parseFilters(query.get('filters'), psFilterKeys);
      const limit = integerParameter(query, 'limit') ?? 0;
      const named = await lookUpNamed(filters, containers, images);
      const selected = selectContainers(
        await containers.list(),
        { all: booleanParameter(query, 'all'), limit, filters },
        named,
      );
      const withSize = booleanParameter(query, 'size');
      exchange.json(200, await summaries(selected, containers, images, version, withSize));
    }),
    route('GET', '/containers/{id}/json', async (exchange) => {
      const container = await containers.get(exchange.parameter('id'));
      const sizes = booleanParameter(exchange.query, 'size') ? await containers.size(container.id) : null;
      exchange.json(200, inspectJson(container, exchange.version, sizes));
    }),
    route('GET', '/containers/{id}/top', async (exchange) => {
      const psArgs = textParameter(exchange.query, 'ps_args') || '-ef';
      const { titles, processes } = await containers.top(exchange.parameter('id'), psArgs);
      exchange.json(200, { Titles: titles, Processes: processes } satisfies ContainerTop);
    }),
  ];
}

async function summaries(
  selected: readonly Container[],
  containers: Reading,
  images: ImageLookup,
  version: number,
  withSize: boolean,
): Promise<ContainerSummary[]> {
  const now = Date.now();
  const idOf = new ImageIds(images);
  const rows = selected.map(async (container) => {
    const { image } = container.config;
    const same = (await idOf.get(image)) === container.imageId;
    const sizes = withSize ? await sizeOf(containers, container) : null;
    return summaryJson(container, { version, now, sizes, image: same ? image : container.imageId });
  });
  return Promise.all(rows);
}

/** A container that is removed while the list is made has no size; the list is not to fail for it. */
async function sizeOf(containers: Reading, { id }: Container) {
  try {
    return await containers.size(id);
  } catch (error) {
    if (isKind(error, 'notFound')) return null;
    throw error;
  }
}

/** Looks each image reference up once per list. */
class ImageIds {
  readonly #known = new Map<string, Promise<string | null>>();
  readonly #images: ImageLookup;

  constructor(images: ImageLookup) {
    this.#images = images;
  }

  get(reference: string): Promise<string | null> {
    const known =
      this.#known.get(reference) ?? findImage(this.#images, reference).then((image) => image?.id ?? null);
    this.#known.set(reference, known);
    return known;
  }
}

async function findImage(images: ImageLookup, reference: string) {
  try {
    return await images.get(reference);
  } catch {
    // A name that is gone, ambiguous or not a reference at all is simply no image here.
    return null;
  }
}

async function lookUpNamed(filters: Filters, containers: Reading, images: ImageLookup): Promise<Named> {
  const [before] = filters.get('before') ?? [];
  const [since] = filters.get('since') ?? [];
  const ancestor = filters.get('ancestor');
  return {
    before: before === undefined ? null : await containers.get(before),
    since: since === undefined ? null : await containers.get(since),
    ancestors: ancestor ? await ancestry(ancestor, images) : null,
  };
}

/** The images named and those whose layers begin with theirs. A name that is no image matches nothing. */
async function ancestry(references: readonly string[], images: ImageLookup): Promise<Set<string>> {
  const found = await Promise.all(references.map((reference) => findImage(images, reference)));
  const roots = found.filter((image) => image !== null);
  const tops = new Set(roots.map((image) => image.chainIds.at(-1)));
  const built = (await images.list()).filter((image) => image.chainIds.some((chain) => tops.has(chain)));
  return new Set([...roots, ...built].map((image) => image.id));
}
