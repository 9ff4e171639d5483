import { readFile } from 'node:fs/promises';
import type { Digest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { ImageConfig } from '../oci/image.ts';
import { hostPlatform } from '../oci/platform.ts';
import type { ImageStore } from './store.ts';
import { bytesMember, writeTar } from './tar-writer.ts';

export const helloName = 'gantry/hello:latest';
/** Fixed, so that the same program always makes the same image. */
const created = '2026-11-01T00:00:00Z';

/** Makes gantry/hello:latest, the image that needs no network, from `build/gantry-hello`, unless it is there already. */
export async function importHello(store: ImageStore, binaryPath: string, op: Operational): Promise<Digest> {
  const existing = store.lookup(helloName);
  if (existing !== null) return existing;
  const program = await readFile(binaryPath);
  return store.create(
    [writeTar([bytesMember('hello', program, 0o755)])],
    (diffIds) => helloConfig(diffIds),
    helloName,
    op,
  );
}

function helloConfig(diffIds: Digest[]): ImageConfig {
  const { architecture, os } = hostPlatform();
  return {
    created,
    architecture,
    os,
    config: {
      Env: ['PATH=/'],
      Entrypoint: ['/hello'],
      WorkingDir: '/',
      ExposedPorts: { '80/tcp': {} },
      Labels: {
        'org.opencontainers.image.title': 'hello',
        'org.opencontainers.image.description': 'Says hello; with the argument serve, over HTTP on port 80.',
      },
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [
      { created, created_by: 'COPY hello /hello', comment: 'built in' },
      { created, created_by: 'EXPOSE 80', comment: 'built in', empty_layer: true },
      { created, created_by: 'ENTRYPOINT ["/hello"]', comment: 'built in', empty_layer: true },
    ],
  };
}
