import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { EngineError } from '../lib/errors.ts';
import { mediaTypes, parseImageConfig, parseIndex, parseManifest } from './image-parse.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const descriptor = { mediaType: 'x', digest, size: 1 };
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor,
  layers: [descriptor],
};
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [descriptor] };
const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digest] } };

describe('good documents', () => {
  test("manifest, also Docker's and without media type", () => {
    for (const mediaType of [mediaTypes.ociManifest, mediaTypes.dockerManifest, undefined])
      expect(parseManifest(bytes({ ...manifest, mediaType })).layers).toEqual([descriptor]);
  });
  test('index', () => expect(parseIndex(bytes(index)).manifests).toEqual([descriptor]));
  test('config with the nulls that Docker writes', () => {
    const parsed = parseImageConfig(bytes({ ...config, created: null, config: { Cmd: null, Env: ['a=b'] } }));
    expect(parsed.config).toEqual({ Env: ['a=b'] });
    expect('created' in parsed).toBe(false);
  });
});

describe('documents that are refused', () => {
  const cases: [string, () => unknown, string][] = [
    [
      'manifest and index in one (CVE-2021-41190)',
      () => parseManifest(bytes({ ...manifest, manifests: [] })),
      'it has "manifests" as well',
    ],
    [
      'index and manifest in one',
      () => parseIndex(bytes({ ...index, layers: [] })),
      'it has "layers" as well',
    ],
    [
      'a manifest that says it is an index',
      () => parseManifest(bytes({ ...manifest, mediaType: mediaTypes.ociIndex })),
      'its media type is',
    ],
    [
      'schema 1',
      () => parseManifest(bytes({ ...manifest, schemaVersion: 1 })),
      'unsupported manifest schema version 1',
    ],
    [
      'a digest that is a path (CVE-2024-3727)',
      () => parseManifest(bytes({ ...manifest, config: { ...descriptor, digest: 'sha256:../x' } })),
      'invalid digest',
    ],
    [
      'a negative size',
      () => parseManifest(bytes({ ...manifest, layers: [{ ...descriptor, size: -1 }] })),
      'no size',
    ],
    [
      'too many layers',
      () => parseManifest(bytes({ ...manifest, layers: Array(1001).fill(descriptor) })),
      'more than 1000 layers',
    ],
    ['5 MiB', () => parseManifest(new Uint8Array(5 << 20)), 'at most 4194304'],
    ['Env that is no list', () => parseImageConfig(bytes({ ...config, config: { Env: 'x' } })), 'config.Env'],
    [
      'a label that is no text',
      () => parseImageConfig(bytes({ ...config, config: { Labels: { a: 1 } } })),
      'config.Labels',
    ],
    ['no rootfs', () => parseImageConfig(bytes({ architecture: 'amd64', os: 'linux' })), 'rootfs'],
  ];
  for (const [what, parse, message] of cases) test(what, () => expect(parse).toThrow(message));
});

test('whatever JSON comes, the answer is a document or an EngineError', () => {
  const field = fc.constantFrom('schemaVersion', 'config', 'layers', 'manifests', 'rootfs', 'history', 'os');
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), (value) => {
      for (const [parse, base] of [
        [parseManifest, manifest],
        [parseIndex, index],
        [parseImageConfig, config],
      ] as const)
        try {
          parse(bytes({ ...base, ...value }));
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
    }),
  );
});

test('whatever bytes come, also those of good documents with some changed', () => {
  const parsers = [parseManifest, parseIndex, parseImageConfig];
  const documents = [manifest, index, config].map(bytes);
  const changed = fc
    .tuple(fc.constantFrom(...documents), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }))
    .map(([document, changes]) => {
      const copy = new Uint8Array(document);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy;
    });
  fc.assert(
    fc.property(
      fc.oneof(
        changed,
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (input) => {
        for (const parse of parsers)
          try {
            parse(input);
          } catch (error) {
            expect(error).toBeInstanceOf(EngineError);
          }
      },
    ),
    { numRuns: 500 },
  );
});
