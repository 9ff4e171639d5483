import type { ContentStore } from '../content/content.ts';
import { invalid } from '../lib/errors.ts';
import { parseReference, withTag } from '../lib/reference.ts';
import { documentLimit, parseImageConfig, parseJson } from '../oci/image-parse.ts';
import type { ArchiveFiles } from './archive.ts';
import type { ArchivedImage } from './archive-oci.ts';
import { writeManifest } from './manifest.ts';

/** One element of manifest.json, as `docker save` writes it. */
interface DockerArchiveEntry {
  Config: string;
  RepoTags: string[];
  Layers: string[];
}

/** The images of a docker-archive, or null when there is no manifest.json. */
export async function readDockerArchive(
  files: ArchiveFiles,
  content: ContentStore,
): Promise<ArchivedImage[] | null> {
  const top = files.find('manifest.json');
  if (top === null) return null;
  const images: ArchivedImage[] = [];
  for (const entry of parseEntries(await content.read(top.digest, documentLimit))) {
    const manifest = await manifestOf(entry, files, content);
    images.push({
      source: { target: manifest, manifest, also: [], parent: null, madeHere: true },
      names: entry.RepoTags.map((tag) => withTag(parseReference(tag))),
    });
  }
  return images;
}

function parseEntries(bytes: Uint8Array): DockerArchiveEntry[] {
  const value = parseJson(bytes, 'manifest.json');
  if (!Array.isArray(value)) throw invalid('invalid manifest.json: not a list');
  return value.map((item: unknown): DockerArchiveEntry => {
    const { Config, RepoTags, Layers } = (item ?? {}) as Record<string, unknown>;
    if (typeof Config !== 'string') throw invalid('invalid manifest.json: Config is missing');
    return { Config, RepoTags: strings(RepoTags, 'RepoTags'), Layers: strings(Layers, 'Layers') };
  });
}

function strings(value: unknown, what: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`invalid manifest.json: ${what}`);
  return value.map((item: unknown) => {
    if (typeof item !== 'string') throw invalid(`invalid manifest.json: ${what}`);
    return item;
  });
}

/** docker-archive has no manifest; the one made here depends on nothing but the blobs, so loading twice gives the same. */
async function manifestOf(entry: DockerArchiveEntry, files: ArchiveFiles, content: ContentStore) {
  const config = files.get(entry.Config);
  const { diff_ids: diffIds } = parseImageConfig(await content.read(config.digest, documentLimit)).rootfs;
  if (diffIds.length !== entry.Layers.length)
    throw invalid(
      `invalid manifest, layer length mismatch: expected ${diffIds.length}, got ${entry.Layers.length}`,
    );
  return writeManifest(
    content,
    config,
    entry.Layers.map((name) => files.get(name)),
  );
}
