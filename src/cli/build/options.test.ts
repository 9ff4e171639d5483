import { describe, expect, test } from 'bun:test';
import { type FlagValues, parseFlags } from '../flags/parse.ts';
import { bodyOf, buildArgs } from './body.ts';
import { cacheOptions } from './cache-options.ts';
import { parseNamedContext } from './contexts.ts';
import { buildFlags } from './flags.ts';
import { limitsOf } from './limits.ts';
import { parseOutputs } from './outputs.ts';
import { refuseUnserved } from './refusals.ts';
import { parseSecret } from './secrets.ts';

const flagsOf = (...argv: string[]): FlagValues => parseFlags(argv, buildFlags, true).values;

describe('--output', () => {
  test.each([
    [[], [], true],
    [['-o', 'out'], [{ type: 'local', dest: 'out' }], false],
    [['-o', '-'], [{ type: 'tar', dest: '-' }], false],
    [['-o', 'type=local,dest=a'], [{ type: 'local', dest: 'a' }], false],
    [['-o', 'type=tar,dest=a.tar'], [{ type: 'tar', dest: 'a.tar' }], false],
    [['-o', 'type=oci,dest=a.tar'], [{ type: 'archive', dest: 'a.tar' }], false],
    [['-o', 'type=docker,"dest=a,b"'], [{ type: 'archive', dest: 'a,b' }], false],
    [['-o', 'type=docker'], [{ type: 'image' }], true],
    [['--load'], [{ type: 'image' }], true],
    [['--push'], [{ type: 'push' }], true],
    [['-o', 'type=image,push=true'], [{ type: 'image' }, { type: 'push' }], true],
    [['-o', 'type=image,push=T'], [{ type: 'image' }, { type: 'push' }], true],
    [['-o', 'type=registry', '-o', 'out'], [{ type: 'push' }, { type: 'local', dest: 'out' }], true],
    [['-o', 'type=cacheonly'], [], false],
  ])('%j', (argv, list, keepsImage) => {
    expect(parseOutputs(flagsOf(...argv))).toMatchObject({ list, keepsImage });
  });

  test('names', () => {
    expect(parseOutputs(flagsOf('-o', 'type=image,"name=a,b:1"')).names).toEqual(['a', 'b:1']);
  });

  test.each([
    ['dest=a', 'type is required for output'],
    ['type=local', 'dest is required for local exporter'],
    ['type=local,dest=-', 'dest cannot be stdout for local exporter'],
    ['type=foo', 'unsupported output type "foo"'],
    ['type=local,foo', 'invalid --output: invalid field "foo": it must be key=value'],
    ['type=tar,dst=x.tar', 'unexpected key "dst"'],
    ['type=image,push=true,compression=zstd', 'unexpected key "compression"'],
    ['type=oci,dest=x,tar=false', 'only archives are written'],
    ['type=image,push=perhaps', 'invalid value "perhaps" for push'],
    ['type="local', 'invalid --output "type=\\"local"'],
  ])('refused: %s', (text, message) => {
    expect(() => parseOutputs(flagsOf('-o', text))).toThrow(message);
  });

  test('two on standard output', () => {
    expect(() => parseOutputs(flagsOf('-o', '-', '-o', 'type=oci'))).toThrow('only one output');
  });
});

describe('--secret', () => {
  const env = { TOKEN: 'x', id: 'y' };
  test.each([
    ['id=s,src=/a', { kind: 'file', path: '/a' }],
    ['id=s,source=a', { kind: 'file', path: 'a' }],
    ['type=file,id=s,src=a', { kind: 'file', path: 'a' }],
    ['id=s,env=TOKEN', { kind: 'env', name: 'TOKEN' }],
    ['type=env,id=s,src=TOKEN', { kind: 'env', name: 'TOKEN' }],
    ['type=env,id=TOKEN', { kind: 'env', name: 'TOKEN' }],
    ['id=TOKEN', { kind: 'env', name: 'TOKEN' }],
    ['id=nothing', { kind: 'file', path: 'nothing' }],
    ['type=file,id=TOKEN', { kind: 'file', path: 'TOKEN' }],
  ] as const)('%s', (text, source) => {
    expect(parseSecret(text, env).source).toEqual(source);
  });

  test.each([
    ['src=a', 'secret missing ID'],
    ['id=a,foo=b', 'unexpected key "foo"'],
    ['id=a,type=ssh', 'unsupported secret type "ssh"'],
    ['id', 'it must be key=value'],
  ])('refused: %s', (text, message) => {
    expect(() => parseSecret(text, env)).toThrow(message);
  });
});

test.each([
  [['--annotation', 'a=b'], '--annotation is not part'],
  [['--sbom', 'true'], '--sbom: attestations'],
  [['--attest', 'type=sbom'], '--attest: attestations'],
  [['--platform', 'linux/amd64,linux/arm64'], 'several platforms'],
  [['--builder', 'mine'], 'no builder "mine" found'],
  [['--isolation', 'hyperv'], 'unsupported isolation "hyperv"'],
  [['--allow', 'everything'], 'invalid entitlement: everything'],
])('what is not served: %j', (argv, message) => {
  expect(() => refuseUnserved(flagsOf(...argv))).toThrow(message);
});

test('what scripts give to switch things off is taken', () => {
  refuseUnserved(flagsOf('--provenance=false', '--sbom=false', '--attest', 'type=sbom,disabled=true'));
  refuseUnserved(flagsOf('--builder', 'default', '--isolation', 'default', '--allow', 'network.host'));
});

describe('caches', () => {
  test('from images', () => {
    const flags = flagsOf(
      '--cache-from',
      'a,b:1',
      '--cache-from',
      'type=registry,ref=c',
      '--cache-to',
      'type=inline',
    );
    const image = (name: string) => ({ kind: 'image' as const, name });
    expect(cacheOptions(flags)).toEqual({
      from: ['a', 'b:1', 'c'].map(image),
      inline: true,
      to: [],
      mode: 'min',
    });
    expect(cacheOptions(flagsOf())).toEqual({ from: [], inline: false, to: [], mode: 'min' });
  });

  test('to registries and directories', () => {
    const flags = flagsOf('--cache-to', 'type=registry,ref=host/c:1,mode=min', '--cache-to', 'user/app');
    const registry = (ref: string) => ({ kind: 'registry' as const, ref, mayFail: false });
    const to = ['host/c:1', 'user/app'].map(registry);
    expect(cacheOptions(flags)).toEqual({ from: [], inline: false, to, mode: 'min' });
    const local = flagsOf('--cache-from', 'type=local,src=x', '--cache-to', 'type=local,dest=y,mode=max');
    expect(cacheOptions(local)).toEqual({
      from: [{ kind: 'local', path: 'x' }],
      inline: false,
      to: [{ kind: 'local', path: 'y', mayFail: false }],
      mode: 'max',
    });
  });

  test.each([
    [['--cache-from', 'type=gha'], 'type=registry'],
    [['--cache-from', 'type=local'], 'src is missing'],
    [['--cache-from', 'type=registry'], 'ref is missing'],
    [['--cache-to', 'type=s3,bucket=x'], 'unexpected key "bucket"'],
    [['--cache-to', 'type=local,dest=x,compression=zstd'], 'unexpected key "compression"'],
    [['--cache-to', 'type=gha'], 'type=inline'],
    [['--cache-to', 'type=local'], 'dest is missing'],
    [['--cache-to', 'type=registry'], 'ref is missing'],
    [['--cache-to', 'type=registry,ref=c,mode=most'], 'mode is min or max'],
  ])('refused: %j', (argv, message) => {
    expect(() => cacheOptions(flagsOf(...argv))).toThrow(message);
  });
});

test('limits', () => {
  expect(limitsOf(flagsOf())).toEqual({});
  const given = [
    '-m',
    '1g',
    '--memory-swap',
    '-1',
    '--cpu-shares',
    '5',
    '--shm-size',
    '64m',
    '--ulimit',
    'nofile=1:2',
  ];
  expect(limitsOf(flagsOf(...given, '--add-host', 'a=1.2.3.4', '--cgroup-parent', '/p'))).toEqual({
    ...{ Memory: 2 ** 30, MemorySwap: -1, CpuShares: 5, ShmSize: 2 ** 26, CgroupParent: '/p' },
    Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
    ExtraHosts: ['a:1.2.3.4'],
  });
  expect(limitsOf(flagsOf('--resource', 'memory=2g,cpu-quota=50000,cpuset-cpus=1'))).toEqual({
    ...{ Memory: 2 ** 31, CpuQuota: 50000, CpusetCpus: '1' },
  });
  expect(() => limitsOf(flagsOf('--resource', 'disk=1'))).toThrow('invalid --resource "disk=1"');
});

describe('build arguments', () => {
  const config = { proxies: { default: { httpProxy: 'http://p' }, 'unix:///x': { noProxy: 'n' } } };

  test('values of the environment, and proxies of the configuration', () => {
    const args = buildArgs(['A=1', 'B', 'C', 'http_proxy=own'], config, 'tcp://y', { B: '2' });
    expect(args).toEqual({ A: '1', B: '2', HTTP_PROXY: 'http://p', http_proxy: 'own' });
    expect(buildArgs([], config, 'unix:///x', {})).toEqual({ NO_PROXY: 'n', no_proxy: 'n' });
  });

  test('the epoch', () => {
    const flags = flagsOf('--build-arg', 'SOURCE_DATE_EPOCH=5');
    expect(bodyOf(flags, parseOutputs(flags), {}, '')).toMatchObject({
      Epoch: 5,
      Args: { SOURCE_DATE_EPOCH: '5' },
    });
    const bad = flagsOf('--build-arg', 'SOURCE_DATE_EPOCH=now');
    expect(() => bodyOf(bad, parseOutputs(bad), {}, '')).toThrow('invalid SOURCE_DATE_EPOCH: now');
  });
});

test('tags are for images that stay', () => {
  const tagsOf = (...argv: string[]) => {
    const flags = flagsOf('-t', 'foo', ...argv);
    return bodyOf(flags, parseOutputs(flags), {}, '').Tags;
  };
  expect(tagsOf()).toEqual(['foo']);
  expect(tagsOf('-o', 'out')).toEqual([]);
  expect(tagsOf('-o', 'type=docker,dest=a.tar')).toEqual(['foo']);
  expect(tagsOf('-o', 'type=image,name=bar')).toEqual(['foo', 'bar']);
});

test('named contexts', () => {
  expect(parseNamedContext('base=docker-image://alpine:3')).toEqual({
    name: 'base',
    value: { kind: 'image', name: 'alpine:3' },
  });
  const url = 'https://github.com/a/b.git#main';
  expect(parseNamedContext(`src=${url}`).value).toEqual({ kind: 'files', files: { kind: 'url', url } });
  expect(parseNamedContext('tmp=/').value).toEqual({
    kind: 'files',
    files: { kind: 'directory', path: '/' },
  });
  expect(() => parseNamedContext('x=oci-layout://y')).toThrow('oci-layout is not part of this version yet');
  expect(() => parseNamedContext('x')).toThrow('expected key=value');
  expect(() => parseNamedContext('x=/nowhere')).toThrow('path "/nowhere" not found');
});
