import { expect, test } from 'bun:test';
import { emptyRequest } from './empty-request.ts';
import { committedConfig } from './image-config.ts';
import type { ContainerConfig } from './model.ts';

const { config: empty } = emptyRequest('x');
const own: ContainerConfig = {
  ...empty,
  user: 'web',
  env: ['A=1', 'B=2'],
  cmd: ['serve'],
  entrypoint: ['/entry'],
  workingDir: '/srv',
  labels: { a: 'own' },
  volumes: ['/data'],
  exposedPorts: ['80/tcp'],
  stopSignal: 'SIGINT',
  healthcheck: { test: ['CMD', 'x'], interval: 5, timeout: 0, startPeriod: 0, startInterval: 0, retries: 2 },
  shell: ['/bin/ash', '-c'],
  onBuild: ['RUN x'],
};
const image = {
  User: 'web',
  ExposedPorts: { '80/tcp': {} },
  Env: ['A=1', 'B=2'],
  Entrypoint: ['/entry'],
  Cmd: ['serve'],
  Volumes: { '/data': {} },
  WorkingDir: '/srv',
  Labels: { a: 'own' },
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['CMD', 'x'], Interval: 5, Retries: 2 },
  OnBuild: ['RUN x'],
  Shell: ['/bin/ash', '-c'],
};

test('without anything else it is the container’s own', () => {
  expect(committedConfig(own, null, [])).toEqual(image);
});

test('what is empty is not said', () => {
  expect(committedConfig({ ...empty, cmd: ['sh'] }, null, [])).toEqual({ Cmd: ['sh'] });
});

test('changes go first, then what the request gave, then the container', () => {
  const given: ContainerConfig = { ...empty, env: ['A=given'], labels: { b: 'given' } };
  const committed = committedConfig(own, given, ['ENV C=$A', 'USER change']);
  expect(committed.Env).toEqual(['A=given', 'C=given', 'B=2']);
  expect(committed.Labels).toEqual({ a: 'own', b: 'given' });
  expect(committed.User).toBe('change');
  expect(committed.Cmd).toEqual(['serve']);
});

test('an empty entrypoint or command is none: the container’s own comes back', () => {
  expect(committedConfig(own, null, ['ENTRYPOINT []'])).toMatchObject({
    Entrypoint: ['/entry'],
    Cmd: ['serve'],
  });
  expect(committedConfig(own, null, ['ENTRYPOINT ["/other"]'])).toMatchObject({ Entrypoint: ['/other'] });
  expect(committedConfig(own, null, ['ENTRYPOINT ["/other"]']).Cmd).toBeUndefined();
});
