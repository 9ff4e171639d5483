/** The filters of `docker image ls`. */
import type { Image } from '../../images/model.ts';
import { booleanFilter, type Filters, invalidFilter, lacksLabels, matchesLabels } from '../http/filters.ts';

export const imageFilterKeys = [
  'dangling',
  'label',
  'label!',
  'before',
  'since',
  'reference',
  'until',
] as const;

export interface NamedImages {
  before: Image | null;
  since: Image | null;
}

export interface Selection {
  filters: Filters;
  named: NamedImages;
  /** Intermediate images too: those without a name that another image was made from. */
  all: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The images to show, newest first. */
export function selectImages(images: readonly Image[], { filters, named, all, now }: Selection): Image[] {
  const dangling = filters.has('dangling') ? booleanFilter(filters, 'dangling', false) : null;
  const parents = new Set(images.map(({ parentId }) => parentId));
  const until = filters.get('until')?.map((value) => pointInTime(value, now));
  const references = filters.get('reference')?.map(glob);
  return [...images]
    .sort((a, b) => b.created - a.created)
    .filter((image) => {
      const labels = image.config.config?.Labels ?? {};
      return (
        (all || !isNameless(image) || !parents.has(image.id)) &&
        (dangling === null || (dangling ? image.tags.length === 0 : !isNameless(image))) &&
        (!named.before || image.created < named.before.created) &&
        (!named.since || image.created > named.since.created) &&
        (!until || until.every((limit) => image.created <= limit)) &&
        matchesLabels(filters.get('label'), labels) &&
        lacksLabels(filters.get('label!'), labels)
      );
    })
    .flatMap((image) => (references ? namedLike(image, references) : [image]));
}

function isNameless({ tags, repoDigests }: Image): boolean {
  return tags.length === 0 && repoDigests.length === 0;
}

/** The image under those of its names that were asked for: none when none matches. */
function namedLike(image: Image, references: RegExp[]): Image[] {
  const matches = (name: string, end: RegExp) =>
    references.some((pattern) => pattern.test(name) || pattern.test(name.replace(end, '')));
  const tags = image.tags.filter((tag) => matches(tag, /:[^:/]*$/));
  const repoDigests = image.repoDigests.filter((digest) => matches(digest, /@.*$/));
  return tags.length + repoDigests.length > 0 ? [{ ...image, tags, repoDigests }] : [];
}

/** Go's path.Match. */
function glob(pattern: string): RegExp {
  if (pattern.length > 256) throw invalidFilter('reference', [pattern]);
  const source = pattern.replace(
    /\\(.)|(\*+)|(\?)|\[(\^?)([^\]]*)\]|([.+^${}()|[\]\\])/g,
    (...match: string[]) => {
      const [, escaped, star, any, not, set, literal] = match;
      if (escaped !== undefined) return escaped.replace(/\W/, '\\$&');
      if (star !== undefined) return '[^/]*';
      if (any !== undefined) return '[^/]';
      if (set !== undefined) return `[${not ?? ''}${set.replace(/[\\\]]/g, '\\$&')}]`;
      return `\\${literal}`;
    },
  );
  try {
    return new RegExp(`^${source}$`);
  } catch {
    throw invalidFilter('reference', [pattern]);
  }
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Unix seconds, RFC 3339, or a Go duration before now; in milliseconds since the epoch. */
export function pointInTime(text: string, now: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
    return [...parts].reduce((at, [, count, unit]) => at - Number(count) * (units[unit ?? 's'] ?? 0), now);
  }
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed)) throw invalidFilter('until', [text]);
  return parsed;
}
