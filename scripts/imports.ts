/**
 * Import directions: each folder of src may import only the folders in its row, or parts of them (and itself). ARCHITECTURE.md shows
 * this table.
 */
export const allowed: Record<string, readonly string[]> = {
  lib: [],
  archive: ['lib'],
  oci: ['lib'],
  linux: ['lib'],
  content: ['lib'],
  snapshots: ['linux', 'lib'],
  shim: ['linux', 'lib'],
  runtime: ['linux', 'oci', 'lib'],
  networks: ['linux', 'lib'],
  volumes: ['archive', 'linux', 'lib'],
  registry: ['oci', 'lib'],
  images: ['registry', 'content', 'snapshots', 'archive', 'oci', 'linux', 'lib'],
  build: ['containers', 'images', 'snapshots', 'archive', 'linux', 'oci', 'lib'],
  containers: [
    'images',
    'volumes',
    'networks',
    'snapshots',
    'shim',
    'runtime',
    'archive',
    'oci',
    'linux',
    'lib',
  ],
  engine: [
    'build',
    'containers',
    'images',
    'registry',
    'volumes',
    'networks',
    'snapshots',
    'content',
    'shim',
    'runtime',
    'oci',
    'linux',
    'lib',
  ],
  api: ['oci', 'lib'],
  cli: ['build/dockerfile', 'archive', 'oci', 'lib'],
  daemon: ['engine', 'api', 'lib'],
  main: ['cli', 'daemon'],
};

/** `import type` from these files is open to everyone: they hold types only. */
export const sharedTypes = /(^|\/)(model|service|snapshotter)\.ts$|^api\/types\//;
