import { expect, test } from 'bun:test';
import { emptyRequest } from './empty-request.ts';
import { mergeImageConfig } from './merge.ts';
import type { ContainerConfig } from './model.ts';

const empty: ContainerConfig = emptyRequest('x').config;
const image = {
  Entrypoint: ['/entry'],
  Cmd: ['serve'],
  Env: ['PATH=/bin', 'A=image'],
  Labels: { a: 'image', b: 'image' },
  ExposedPorts: { '80/tcp': {}, '53/udp': {} },
  Volumes: { '/data': {} },
  User: 'web',
};

const commands: [string, Partial<ContainerConfig>, string[] | null, string[] | null][] = [
  ['nothing given', {}, ['/entry'], ['serve']],
  ['a command', { cmd: ['x'] }, ['/entry'], ['x']],
  ['an entrypoint drops the command', { entrypoint: ['/e'] }, ['/e'], null],
  ['both', { entrypoint: ['/e'], cmd: ['x'] }, ['/e'], ['x']],
  ['the entrypoint reset', { entrypoint: [''], cmd: ['x'] }, null, ['x']],
];
for (const [what, given, entrypoint, cmd] of commands)
  test(`command: ${what}`, () => {
    expect(mergeImageConfig({ ...empty, ...given }, image)).toMatchObject({ entrypoint, cmd });
  });

test('an entrypoint reset without a command has nothing to run', () => {
  expect(() => mergeImageConfig({ ...empty, entrypoint: [''] }, image)).toThrow('no command specified');
});

test('the user wins, the image fills in', () => {
  const merged = mergeImageConfig(
    { ...empty, env: ['A=user'], labels: { a: 'user' }, exposedPorts: ['80/tcp'] },
    image,
  );
  expect(merged.env).toEqual(['A=user', 'PATH=/bin']);
  expect(merged.labels).toEqual({ a: 'user', b: 'image' });
  expect(merged.exposedPorts).toEqual(['80/tcp', '53/udp']);
  expect(merged.volumes).toEqual(['/data']);
  expect(merged.user).toBe('web');
});
