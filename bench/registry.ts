/** Debian's docker-registry on 127.0.0.1 of a network namespace: Docker asks for TLS everywhere else. */
import { join } from 'node:path';
import { eventually, succeed } from '../test/rig/command.ts';

export interface RegistryOptions {
  prefix: string[];
  port: number;
  /** Where its files are; several may read the same. */
  storage: string;
}

export async function startRegistry({ prefix, port, storage }: RegistryOptions): Promise<AsyncDisposable> {
  const config = join(storage, `${port}.yml`);
  await Bun.write(
    config,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${storage} } }\nhttp: { addr: "127.0.0.1:${port}" }\n`,
  );
  const child = Bun.spawn([...prefix, 'docker-registry', 'serve', config], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  await eventually(
    async () => (await succeed([...prefix, 'curl', '-sf', `http://127.0.0.1:${port}/v2/`])) !== '',
    'the registry answers',
  );
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}
