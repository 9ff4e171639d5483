import { createHash, randomBytes } from 'node:crypto';
import { invalid } from './errors.ts';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** 64 lower-case hex digits. */
export type ContainerId = Brand<string, 'ContainerId'>;
export type NetworkId = Brand<string, 'NetworkId'>;
export type ExecId = Brand<string, 'ExecId'>;
/** `sha256:` and 64 lower-case hex digits; safe to use as a file name part once split at the colon. */
export type Digest = Brand<string, 'Digest'>;
/** `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, as Docker allows for containers and volumes (no slash, no leading dot). */
export type Name = Brand<string, 'Name'>;

const hex64 = /^[0-9a-f]{64}$/;
const digest = /^sha256:[0-9a-f]{64}$/;
const name = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

const newHex = () => randomBytes(32).toString('hex');
export const newContainerId = (): ContainerId => newHex() as ContainerId;
export const newNetworkId = (): NetworkId => newHex() as NetworkId;
export const newExecId = (): ExecId => newHex() as ExecId;

function parse<T extends string>(pattern: RegExp, what: string) {
  return (text: string): T => {
    if (!pattern.test(text)) throw invalid(`invalid ${what}: ${JSON.stringify(text)}`);
    return text as T;
  };
}

export const parseContainerId = parse<ContainerId>(hex64, 'container ID');
export const parseNetworkId = parse<NetworkId>(hex64, 'network ID');
export const parseExecId = parse<ExecId>(hex64, 'exec ID');
/** Refuses anything but sha256 with 64 hex digits before it can become a path (CVE-2024-3727). */
export const parseDigest = parse<Digest>(digest, 'digest');

export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

export function isName(text: string): text is Name {
  return name.test(text);
}

/** The 12 digits that Docker prints for an id or digest. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
