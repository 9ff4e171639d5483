/** `--volume`, as the Docker CLI reads it (docker/cli cli/compose/loader/volume.go): only the source is its business, the daemon reads the rest. */
import { absolutePath } from './files.ts';

export interface Volumes {
  binds: string[];
  anonymous: Record<string, object>;
}

/** Splits `--volume` values into binds (and named volumes) and anonymous volumes. */
export function parseVolumes(values: readonly string[]): Volumes {
  const volumes: Volumes = { binds: [], anonymous: {} };
  for (const value of new Set(values)) {
    if (sourceOf(value) === '') volumes.anonymous[value] = {};
    else volumes.binds.push(withAbsoluteSource(value));
  }
  return volumes;
}

function withAbsoluteSource(value: string): string {
  const colon = value.indexOf(':');
  const source = value.slice(0, colon);
  return source.startsWith('.') ? absolutePath(source) + value.slice(colon) : value;
}

/** "" for an anonymous volume. */
function sourceOf(value: string): string {
  if (value === '') throw new Error('invalid empty volume spec');
  if (value.length <= 2) return '';
  const refuse = (why: string) => new Error(`invalid spec: ${value}: ${why}`);
  const sections = sectionsOf(value);
  for (const [index, section] of sections.entries()) {
    if (section === '') throw refuse('empty section between colons');
    if (index === 2 && sections.length > 3) throw refuse('too many colons');
  }
  return sections.length > 1 ? (sections[0] ?? '') : '';
}

/** A letter alone before a colon is a drive of Windows, there and here. */
function sectionsOf(value: string): string[] {
  const sections: string[] = [];
  let section = '';
  for (const char of value)
    if (char !== ':' || /^\p{L}$/u.test(section)) section += char;
    else {
      sections.push(section);
      section = '';
    }
  return [...sections, section];
}
