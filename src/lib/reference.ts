/** Docker's references: `[domain[:port]/]path[:tag][@digest]`, after github.com/distribution/reference. */
import { invalid } from './errors.ts';
import type { Digest } from './ids.ts';

/** A reference with every default filled in: busybox -> docker.io/library/busybox:latest. */
export interface ImageName {
  /** docker.io */
  domain: string;
  /** library/busybox */
  path: string;
  /** null when only a digest was given. */
  tag: string | null;
  digest: Digest | null;
}

const alphanumeric = '[a-z0-9]+';
const pathComponent = `${alphanumeric}(?:(?:\\.|_|__|-+)${alphanumeric})*`;
const path = `${pathComponent}(?:/${pathComponent})*`;
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[(?:[a-fA-F0-9:]+)\\])`;
const domain = `${host}(?::[0-9]+)?`;
const tag = '[\\w][\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:(${domain})/)?(${path})(?::(${tag}))?(?:@(${digest}))?$`);

const defaultDomain = 'docker.io';
const nameLimit = 255;
const hex64 = /^[0-9a-f]{64}$/;

const badFormat = () => invalid('invalid reference format');

/** A hostile reference is not worth a regular expression's time. */
const referenceLimit = 1024;

/** What the user typed, with the domain and `library/` filled in. The tag stays null when none was given: see `withTag`. */
export function parseReference(text: string): ImageName {
  if (text.length > referenceLimit) throw badFormat();
  if (hex64.test(text))
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  const { host, rest } = splitDomain(text);
  const name = rest.split(':')[0] ?? '';
  if (name !== name.toLowerCase())
    throw invalid(`invalid reference format: repository name (${name}) must be lowercase`);
  const match = reference.exec(`${host}/${rest}`);
  const repository = match?.[2];
  if (!match || match[1] === undefined || repository === undefined) throw badFormat();
  if (repository.length > nameLimit)
    throw invalid(`invalid reference format: repository name must not be more than ${nameLimit} characters`);
  return {
    domain: match[1],
    path: repository,
    tag: match[3] ?? null,
    digest: match[4] === undefined ? null : referenceDigest(match[4]),
  };
}

/** The first part is a domain when it looks like one: a dot, a colon, `localhost`, or upper case, which no path may have. */
function splitDomain(text: string): { host: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain =
    slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const host = isDomain && first !== 'index.docker.io' ? first : defaultDomain;
  const rest = isDomain ? text.slice(slash + 1) : text;
  return { host, rest: host === defaultDomain && !rest.includes('/') ? `library/${rest}` : rest };
}

function referenceDigest(text: string): Digest {
  const [algorithm, hex = ''] = text.split(':');
  if (algorithm !== 'sha256') throw invalid('invalid reference format: unsupported digest algorithm');
  if (hex.length !== 64) throw invalid('invalid reference format: invalid checksum digest length');
  if (!hex64.test(hex)) throw invalid('invalid reference format: invalid checksum digest format');
  return text as Digest;
}

/** `:latest` when there is neither tag nor digest. */
export function withTag(name: ImageName): ImageName {
  return name.tag === null && name.digest === null ? { ...name, tag: 'latest' } : name;
}

/** "docker.io/library/busybox": the key of a repository. */
export function repository(name: Pick<ImageName, 'domain' | 'path'>): string {
  return `${name.domain}/${name.path}`;
}

/** "busybox", "user/app", "quay.io/x/y": what is shown. */
export function familiarRepository(name: Pick<ImageName, 'domain' | 'path'>): string {
  if (name.domain !== defaultDomain) return repository(name);
  const official = /^library\/([^/]+)$/.exec(name.path);
  return official?.[1] ?? name.path;
}

/** "busybox:latest", "busybox@sha256:…". */
export function familiarName(name: ImageName): string {
  return familiarRepository(name) + suffix(name);
}

/** "docker.io/library/busybox:latest". */
export function canonicalName(name: ImageName): string {
  return repository(name) + suffix(name);
}

function suffix(name: ImageName): string {
  return (name.tag === null ? '' : `:${name.tag}`) + (name.digest === null ? '' : `@${name.digest}`);
}

/** By which build contexts are told apart: an image's name is the same with and without what it need not say. What is none is itself. */
export function contextName(text: string): string {
  try {
    return familiarName(parseReference(text)).replace(/:latest$/, '');
  } catch {
    return text;
  }
}

/** The same repository, with "-" and the suffix behind the tag. */
export function suffixedName(text: string, suffix: string): string {
  const name = parseReference(text);
  return familiarName({ ...name, digest: null, tag: `${name.tag ?? 'latest'}-${suffix}` });
}
