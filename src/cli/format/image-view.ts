/** Rows and columns of `images`: one row for each tag (and digest) of an image. */
import type { ImageSummary } from '../../api/types/images.ts';
import { ago, goTime, humanSize, shortId, shortSize } from './units.ts';
import type { View } from './view.ts';

export interface ImageRow {
  image: ImageSummary;
  repository: string;
  tag: string;
  digest: string;
}

const none = '<none>';

/** `digests`: tagged images show their digests. `loose`: references that are only digests show them. */
export function imageRows(images: readonly ImageSummary[], digests: boolean, loose: boolean): ImageRow[] {
  return images.flatMap((image) => rowsOf(image, digests, loose));
}

function rowsOf(image: ImageSummary, digests: boolean, loose: boolean): ImageRow[] {
  const tags = grouped(
    (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    ':',
  );
  const byDigest = grouped(
    (image.RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>')),
    '@',
  );
  const rows: ImageRow[] = [];
  for (const [repository, names] of tags) {
    const known = byDigest.get(repository) ?? [];
    byDigest.delete(repository);
    if (!digests) {
      rows.push(...names.map((tag) => ({ image, repository, tag, digest: none })));
      continue;
    }
    for (const tag of names)
      for (const digest of known.length > 0 ? known : [none]) rows.push({ image, repository, tag, digest });
  }
  for (const [repository, known] of byDigest) {
    if (!loose) rows.push({ image, repository, tag: none, digest: '' });
    else rows.push(...known.map((digest) => ({ image, repository, tag: none, digest })));
  }
  return rows.length > 0 ? rows : [{ image, repository: none, tag: none, digest: none }];
}

/** `repo:tag` by repository, cut at the last separator. */
function grouped(references: readonly string[], separator: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const reference of references) {
    const at = reference.lastIndexOf(separator);
    const name = reference.slice(0, at);
    groups.set(name, [...(groups.get(name) ?? []), reference.slice(at + 1)]);
  }
  return groups;
}

export function imageView({ full, digests }: { full: boolean; digests: boolean }): View<ImageRow> {
  return {
    typeName: '*formatter.imageContext',
    table: ['Repository', 'Tag', ...(digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
    columns: [
      { name: 'ID', title: 'IMAGE ID', value: ({ image }) => (full ? image.Id : shortId(image.Id)) },
      { name: 'Repository', title: 'REPOSITORY', value: (row) => row.repository },
      { name: 'Tag', title: 'TAG', value: (row) => row.tag },
      { name: 'Digest', title: 'DIGEST', value: (row) => row.digest },
      { name: 'CreatedSince', title: 'CREATED', value: ({ image }) => since(image.Created) },
      { name: 'CreatedAt', title: 'CREATED AT', value: ({ image }) => goTime(image.Created) },
      { name: 'Size', title: 'SIZE', value: ({ image }) => shortSize(image.Size) },
      { name: 'Containers', title: 'CONTAINERS', value: ({ image }) => count(image.Containers) },
      { name: 'VirtualSize', title: 'SIZE', value: ({ image }) => humanSize(image.Size) },
      { name: 'SharedSize', title: 'SHARED SIZE', value: ({ image }) => sizeOrUnknown(image.SharedSize) },
      {
        name: 'Pinned',
        title: 'PINNED',
        value: ({ image }) => String(image.Pinned === true),
        own: true,
      },
      { name: 'UniqueSize', title: 'UNIQUE SIZE', value: ({ image }) => unique(image) },
    ],
  };
}

function since(created: number): string {
  return created <= 0 ? 'N/A' : ago(Date.now() - created * 1000);
}

function count(number: number | undefined): string {
  return number === undefined || number === -1 ? 'N/A' : String(number);
}

function sizeOrUnknown(size: number | undefined): string {
  return size === undefined || size === -1 ? 'N/A' : humanSize(size);
}

function unique(image: ImageSummary): string {
  return image.SharedSize === undefined || image.SharedSize === -1
    ? 'N/A'
    : humanSize(image.Size - image.SharedSize);
}
