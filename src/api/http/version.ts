/** API versions. The major version has always been 1, so the minor alone orders them: 1.24 is 24. */
import { invalid } from '../../lib/errors.ts';

export const newestVersion = 55;
/** Older than Docker's 1.24: skopeo, buildah and podman of 2022 still say 1.22 to a `docker-daemon:`. */
export const oldestVersion = 22;

export const versionText = (minor: number): string => `1.${minor}`;

/** "1.44" -> 44. Texts of both errors are Docker's; clients match them. */
export function parseVersion(text: string): number {
  const [major = Number.NaN, minor = 0] = text.split('.').map((part) => (part === '' ? 0 : Number(part)));
  if (major > 1 || (major === 1 && minor > newestVersion))
    throw invalid(
      `client version ${text} is too new. Maximum supported API version is ${versionText(newestVersion)}`,
    );
  if (!(major === 1 && minor >= oldestVersion))
    throw invalid(
      `client version ${text} is too old. Minimum supported API version is ${versionText(oldestVersion)}, please upgrade your client to a newer version`,
    );
  return minor;
}

/** Splits "/v1.44/info" into the version's text and "/info"; without a prefix the version is null. */
export function splitVersion(path: string): { version: string | null; path: string } {
  const match = /^\/v([0-9.]+)(\/.*)$/.exec(path);
  return match ? { version: match[1] ?? null, path: match[2] ?? '/' } : { version: null, path };
}
