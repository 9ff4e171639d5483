/** Reads image documents from outside: every field that the engine later relies on is checked here. */
import { invalid } from '../lib/errors.ts';
import { parseDigest } from '../lib/ids.ts';
import type { Descriptor, ImageConfig, Index, Manifest } from './image.ts';

/** Bytes of a manifest, index or config: what registries agree to accept (distribution-spec, "Pushing Manifests"). */
export const documentLimit = 4 << 20;
/** An image with more layers is a mistake or an attack. */
const layerLimit = 1000;

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const;

export const isManifestType = (type: string | undefined): boolean =>
  type === mediaTypes.ociManifest || type === mediaTypes.dockerManifest;
export const isIndexType = (type: string | undefined): boolean =>
  type === mediaTypes.ociIndex || type === mediaTypes.dockerIndex;

export const isConfigType = (type: string): boolean =>
  type === mediaTypes.ociConfig || type === mediaTypes.dockerConfig;

/** Indexes may name indexes, but not without end. */
export const indexDepth = 4;

type Json = Record<string, unknown>;

/** What a manifest or index is: by its own word, or where it has none by what is in it. */
export function documentType(document: Json): string {
  if (typeof document.mediaType === 'string') return document.mediaType;
  return 'manifests' in document ? mediaTypes.ociIndex : mediaTypes.ociManifest;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON text of bounded size as an object; `what` names it in errors. */
export function parseJsonObject(bytes: Uint8Array, what: string): Json {
  const value = parseJson(bytes, what);
  if (!isObject(value)) throw invalid(`invalid ${what}: not an object`);
  return value;
}

export function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.byteLength > documentLimit)
    throw invalid(`invalid ${what}: ${bytes.byteLength} bytes, at most ${documentLimit}`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(`invalid ${what}: not JSON`, { cause: error });
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function checkDescriptor(value: unknown, what: string): asserts value is Descriptor {
  if (!isObject(value)) throw invalid(`invalid ${what}: not a descriptor`);
  if (typeof value.digest !== 'string') throw invalid(`invalid ${what}: no digest`);
  parseDigest(value.digest);
  if (typeof value.mediaType !== 'string') throw invalid(`invalid ${what}: no mediaType`);
  if (typeof value.size !== 'number' || !Number.isSafeInteger(value.size) || value.size < 0)
    throw invalid(`invalid ${what}: no size`);
  const { platform, annotations } = value;
  if (platform !== undefined && !isObject(platform)) throw invalid(`invalid ${what}: platform`);
  if (annotations !== undefined && !isObject(annotations)) throw invalid(`invalid ${what}: annotations`);
}

/** Docker's words. */
const schema1Removed =
  'unsupported manifest schema version 1: Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. ' +
  'Suggest the author of the image to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. ' +
  'More information at https://docs.docker.com/go/deprecated-image-specs/';

/** A document that is both an index and a manifest means different things to different readers (CVE-2021-41190). */
function checkKind(document: Json, kind: 'manifest' | 'index'): void {
  if (document.schemaVersion === 1) throw invalid(schema1Removed);
  if (document.schemaVersion !== 2)
    throw invalid(`unsupported ${kind} schema version ${JSON.stringify(document.schemaVersion)}`);
  const isKind = kind === 'manifest' ? isManifestType : isIndexType;
  const { mediaType } = document;
  if (mediaType !== undefined && (typeof mediaType !== 'string' || !isKind(mediaType)))
    throw invalid(`invalid ${kind}: its media type is ${JSON.stringify(mediaType)}`);
  const foreign = kind === 'manifest' ? ['manifests', 'fsLayers'] : ['config', 'layers', 'fsLayers'];
  for (const field of foreign)
    if (field in document) throw invalid(`invalid ${kind}: it has ${JSON.stringify(field)} as well`);
}

function isManifest(document: Json): document is Json & Manifest {
  checkKind(document, 'manifest');
  checkDescriptor(document.config, 'manifest config');
  if (!Array.isArray(document.layers)) throw invalid('invalid manifest: no layers');
  if (document.layers.length > layerLimit) throw invalid(`invalid manifest: more than ${layerLimit} layers`);
  for (const layer of document.layers) checkDescriptor(layer, 'manifest layer');
  return true;
}

export function parseManifest(bytes: Uint8Array): Manifest {
  const document = parseJsonObject(bytes, 'manifest');
  if (!isManifest(document)) throw invalid('invalid manifest');
  return document;
}

function isIndex(document: Json): document is Json & Index {
  checkKind(document, 'index');
  if (!Array.isArray(document.manifests)) throw invalid('invalid index: no manifests');
  if (document.manifests.length > layerLimit)
    throw invalid(`invalid index: more than ${layerLimit} manifests`);
  for (const manifest of document.manifests) checkDescriptor(manifest, 'index entry');
  return true;
}

export function parseIndex(bytes: Uint8Array): Index {
  const document = parseJsonObject(bytes, 'index');
  if (!isIndex(document)) throw invalid('invalid index');
  return document;
}

const optionalText = ['created', 'author', 'variant', 'comment', 'docker_version'] as const;
const runConfigTexts = ['User', 'WorkingDir', 'StopSignal'] as const;
const runConfigLists = ['Env', 'Entrypoint', 'Cmd', 'OnBuild', 'Shell'] as const;
const runConfigMaps = ['ExposedPorts', 'Volumes', 'Labels', 'Healthcheck'] as const;

function checkRunConfig(config: Json): void {
  const bad = (field: string) => invalid(`invalid image config: config.${field}`);
  for (const field of runConfigTexts)
    if (config[field] != null && typeof config[field] !== 'string') throw bad(field);
  for (const field of runConfigLists)
    if (config[field] != null && !isStrings(config[field])) throw bad(field);
  for (const field of runConfigMaps) if (config[field] != null && !isObject(config[field])) throw bad(field);
  if (isObject(config.Labels) && !Object.values(config.Labels).every((value) => typeof value === 'string'))
    throw bad('Labels');
  if (isObject(config.Healthcheck) && config.Healthcheck.Test != null && !isStrings(config.Healthcheck.Test))
    throw bad('Healthcheck');
}

/** Docker writes null where nothing is set; OCI leaves the field out. */
function dropNulls(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function isImageConfig(document: Json): document is Json & ImageConfig {
  const bad = (field: string) => invalid(`invalid image config: ${field}`);
  const { rootfs, history, config } = document;
  if (!isObject(rootfs) || rootfs.type !== 'layers') throw bad('rootfs');
  rootfs.diff_ids ??= [];
  if (!isStrings(rootfs.diff_ids) || rootfs.diff_ids.length > layerLimit) throw bad('rootfs.diff_ids');
  for (const diffId of rootfs.diff_ids) parseDigest(diffId);
  for (const field of ['architecture', 'os']) if (typeof document[field] !== 'string') throw bad(field);
  for (const field of optionalText)
    if (document[field] !== undefined && typeof document[field] !== 'string') throw bad(field);
  if (history !== undefined && (!Array.isArray(history) || !history.every(isObject))) throw bad('history');
  if (config !== undefined && !isObject(config)) throw bad('config');
  if (config !== undefined) checkRunConfig(config);
  return true;
}

export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const document = dropNulls(parseJsonObject(bytes, 'image config'));
  if (isObject(document.config)) document.config = dropNulls(document.config);
  document.os ??= 'linux';
  document.architecture ??= '';
  if (!isImageConfig(document)) throw invalid('invalid image config');
  return document;
}
