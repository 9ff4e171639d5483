/** `--device /dev/a[:/dev/b][:rwm]`. */
import type { DeviceMapping } from '../../api/types/host-config.ts';
import { absolutePath } from './files.ts';

function isMode(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

export function parseDevice(value: string): DeviceMapping[] {
  const parts = value.split(':');
  const [source = '', second, third] = parts;
  if (parts.length > 3 || source === '') throw new Error(`bad format for path: ${value}`);
  const modeOnly = parts.length === 2 && isMode(second ?? '');
  const target = parts.length === 1 || modeOnly ? '' : (second ?? '');
  const mode = modeOnly ? (second ?? '') : (third ?? 'rwm');
  if (!isMode(mode)) throw new Error(`bad mode specified: ${mode}`);
  const checked = target || source;
  if (!checked.startsWith('/')) throw new Error(`${checked} is not an absolute path`);
  return expand(source, target, mode, value);
}

function expand(source: string, target: string, CgroupPermissions: string, value: string): DeviceMapping[] {
  const clean = target === '' ? absolutePath(source) : source;
  if (!source.endsWith('*')) {
    return [{ PathOnHost: clean, PathInContainer: target === '' ? clean : target, CgroupPermissions }];
  }
  if (target !== '') throw new Error(`device with * suffix can't have dst: ${value}`);
  const paths = [...new Bun.Glob(source.slice(1)).scanSync({ cwd: '/', onlyFiles: false, dot: false })];
  return paths.sort().map((path) => {
    const absolute = `/${path}`;
    return { PathOnHost: absolute, PathInContainer: absolute, CgroupPermissions };
  });
}
