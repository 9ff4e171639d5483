/** Platforms as `os/arch[/variant]`, after github.com/containerd/platforms. */
import { arch, endianness } from 'node:os';
import { invalid } from '../lib/errors.ts';
import type { Platform } from './image.ts';

const architectures = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm'],
  ['armel', 'arm'],
  ['i386', '386'],
]);

const nodeArchitectures: Record<string, string> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

export function hostPlatform(): Platform {
  const name = arch();
  if (name === 'ppc64' && endianness() === 'BE') return { os: 'linux', architecture: 'ppc64' };
  return normalize({ os: 'linux', architecture: nodeArchitectures[name] ?? name });
}

function normalize(platform: Platform): Platform {
  const lower = platform.architecture.toLowerCase();
  const architecture = architectures.get(lower) ?? lower;
  const { variant } = platform;
  if (architecture === 'arm64' && (variant === undefined || variant === '8' || variant === 'v8'))
    return { ...platform, architecture, variant: undefined };
  if (architecture === 'arm') return { ...platform, architecture, variant: armVariant(platform) };
  return { ...platform, architecture };
}

function armVariant({ architecture, variant }: Platform): string {
  if (variant === undefined || variant === '') return architecture === 'armel' ? 'v6' : 'v7';
  return /^\d+$/.test(variant) ? `v${variant}` : variant;
}

/** "" is the host's. Docker's text for what cannot be read. */
export function parsePlatform(text: string): Platform {
  if (text === '') return hostPlatform();
  const parts = text.split('/');
  if (parts.length > 3 || !parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part)))
    throw invalid(`${JSON.stringify(text)} is an invalid OS/architecture: invalid argument`);
  const [first = '', second, variant] = parts;
  if (second === undefined) {
    if (first === 'linux') return { ...hostPlatform(), os: 'linux' };
    return normalize({ os: 'linux', architecture: first });
  }
  return normalize({ os: first.toLowerCase(), architecture: second, ...(variant ? { variant } : {}) });
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/** How well `offered` serves `wanted`: 0 = not at all; more is better. An arm host also runs older variants. */
export function platformScore(wanted: Platform, offered: Platform): number {
  const want = normalize(wanted);
  const offer = normalize(offered);
  if (want.os !== offer.os || want.architecture !== offer.architecture) return 0;
  const rank = (platform: Platform) => Number(/^v(\d+)$/.exec(platform.variant ?? '')?.[1] ?? 0);
  if (want.variant === offer.variant) return 100;
  if (want.architecture === 'arm') return rank(offer) > 0 && rank(offer) < rank(want) ? 10 + rank(offer) : 0;
  return offer.variant === undefined ? 50 : 0;
}
