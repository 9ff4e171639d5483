/** A context of the Docker CLI's store: `contexts/meta/<sha256 of the name>/meta.json` and its TLS files. */
import { ExitError } from './exit.ts';
import { type Endpoint, parseHost, type TlsFiles } from './http/endpoint.ts';

interface Meta {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

export async function readContext(name: string, directory: string): Promise<Endpoint> {
  const key = new Bun.CryptoHasher('sha256').update(name).digest('hex');
  const file = Bun.file(`${directory}/contexts/meta/${key}/meta.json`);
  if (!(await file.exists())) {
    throw new ExitError(
      `Failed to initialize: unable to resolve docker endpoint: context ${JSON.stringify(name)}: context not found: open ${file.name}: no such file or directory`,
    );
  }
  const meta: Meta = await file.json();
  const docker = meta.Endpoints?.docker;
  if (!docker?.Host) throw new ExitError(`context ${JSON.stringify(name)} names no docker host`);
  return parseHost(
    docker.Host,
    await tlsFiles(`${directory}/contexts/tls/${key}/docker`, docker.SkipTLSVerify === true),
  );
}

async function tlsFiles(folder: string, skipVerify: boolean): Promise<TlsFiles | null> {
  const files = { ca: `${folder}/ca.pem`, cert: `${folder}/cert.pem`, key: `${folder}/key.pem` };
  const found = await Promise.all(Object.values(files).map((path) => Bun.file(path).exists()));
  return found.some(Boolean) ? { verify: !skipVerify, ...files } : null;
}
