/** `--mount type=bind,source=/a,target=/b,readonly`. */
import type { Mount } from '../../api/types/host-config.ts';
import { parseCsv } from '../flags/csv.ts';
import { parseBool, parseBytes } from '../flags/numbers.ts';
import { absolutePath } from './files.ts';
import { isOwnerField, setOwners } from './mount-owners.ts';

export function parseMount(value: string): Mount {
  // What Go's reader of CSV says of no line at all.
  if (value === '') throw new Error('EOF');
  const mount: Mount = { Type: 'volume', Target: '' };
  const fields = parseCsv(value);
  for (const field of fields.filter((each) => !isOwnerField(each))) {
    const equals = field.indexOf('=');
    if (equals < 0) setSwitch(mount, field);
    else setField(mount, field.slice(0, equals), field.slice(equals + 1), field);
  }
  setOwners(mount, fields.filter(isOwnerField));
  checkCombination(mount);
  return mount;
}

function setSwitch(mount: Mount, field: string): void {
  if (field === 'readonly' || field === 'ro') mount.ReadOnly = true;
  else if (field === 'volume-nocopy') volume(mount).NoCopy = true;
  else if (field === 'bind-nonrecursive') bind(mount).NonRecursive = true;
  else if (field === 'bind-create-src') bind(mount).CreateMountpoint = true;
  else throw new Error(`invalid field '${field}' must be a key=value pair`);
}

function bind(mount: Mount) {
  mount.BindOptions ??= {};
  return mount.BindOptions;
}

function volume(mount: Mount) {
  mount.VolumeOptions ??= { Labels: {}, DriverConfig: {} };
  return mount.VolumeOptions;
}

function tmpfs(mount: Mount) {
  mount.TmpfsOptions ??= {};
  return mount.TmpfsOptions;
}

const setters: Record<string, (mount: Mount, value: string, key: string) => void> = {
  type: (mount, value) => {
    mount.Type = value.toLowerCase();
  },
  source: (mount, value) => {
    mount.Source = value.startsWith('.') ? absolutePath(value) : value;
  },
  target: (mount, value) => {
    mount.Target = value;
  },
  readonly: (mount, value, key) => {
    mount.ReadOnly = truth(key, value);
  },
  consistency: (mount, value) => {
    mount.Consistency = value.toLowerCase();
  },
  'bind-propagation': (mount, value) => {
    bind(mount).Propagation = value.toLowerCase();
  },
  'bind-nonrecursive': (mount, value, key) => {
    bind(mount).NonRecursive = truth(key, value);
  },
  'bind-create-src': (mount, value, key) => {
    bind(mount).CreateMountpoint = truth(key, value);
  },
  'bind-recursive': (mount, value) => setRecursive(mount, value),
  'volume-subpath': (mount, value) => {
    volume(mount).Subpath = value;
  },
  'volume-nocopy': (mount, value, key) => {
    volume(mount).NoCopy = truth(key, value);
  },
  'volume-label': (mount, value) => {
    const options = volume(mount);
    options.Labels = withPair(options.Labels, value);
  },
  'volume-driver': (mount, value) => {
    const options = volume(mount);
    options.DriverConfig = { ...options.DriverConfig, Name: value };
  },
  'volume-opt': (mount, value) => {
    const options = volume(mount);
    const config = options.DriverConfig;
    options.DriverConfig = { ...config, Options: withPair(config?.Options, value) };
  },
  'image-subpath': (mount, value) => {
    mount.ImageOptions = { Subpath: value };
  },
  'tmpfs-size': (mount, value, key) => {
    tmpfs(mount).SizeBytes = attempt(key, value, parseBytes);
  },
  'tmpfs-mode': (mount, value, key) => {
    if (!/^[0-7]+$/.test(value)) throw new Error(`invalid value for ${key}: ${value}`);
    tmpfs(mount).Mode = Number.parseInt(value, 8);
  },
};
const aliases: Record<string, string> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

function setField(mount: Mount, key: string, value: string, field: string): void {
  const set = setters[aliases[key] ?? key];
  if (!set) throw new Error(`unexpected key '${key}' in '${field}'`);
  set(mount, value, key);
}

function setRecursive(mount: Mount, value: string): void {
  if (value === 'enabled') return;
  if (value === 'disabled') bind(mount).NonRecursive = true;
  else if (value === 'writable') bind(mount).ReadOnlyNonRecursive = true;
  else if (value === 'readonly') bind(mount).ReadOnlyForceRecursive = true;
  else
    throw new Error(
      `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
}

function checkCombination(mount: Mount): void {
  const { Type: type } = mount;
  if (type === '') throw new Error('type is required');
  if (mount.VolumeOptions && type !== 'volume')
    throw new Error(`cannot mix 'volume-*' options with mount type '${type}'`);
  if (mount.BindOptions && type !== 'bind')
    throw new Error(`cannot mix 'bind-*' options with mount type '${type}'`);
  if (mount.TmpfsOptions && type !== 'tmpfs')
    throw new Error(`cannot mix 'tmpfs-*' options with mount type '${type}'`);
  if (mount.ImageOptions && type !== 'image')
    throw new Error(`cannot mix 'image-*' options with mount type '${type}'`);
  if (mount.Target === '') throw new Error('target is required');
  const { BindOptions: options } = mount;
  if (!options?.ReadOnlyNonRecursive && !options?.ReadOnlyForceRecursive) return;
  const mode = options.ReadOnlyNonRecursive ? 'writable' : 'readonly';
  if (!mount.ReadOnly)
    throw new Error(`option 'bind-recursive=${mode}' requires 'readonly' to be specified in conjunction`);
  if (mode === 'readonly' && options.Propagation !== 'rprivate')
    throw new Error(
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
}

function truth(key: string, value: string): boolean {
  return attempt(key, value, parseBool);
}

function attempt<T>(key: string, value: string, read: (text: string) => T): T {
  try {
    return read(value);
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

function withPair(map: Record<string, string> | undefined, text: string): Record<string, string> {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  return key === '' ? { ...map } : { ...map, [key]: equals < 0 ? '' : text.slice(equals + 1) };
}
