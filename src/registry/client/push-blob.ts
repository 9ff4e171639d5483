import type { Host } from './host.ts';
import type { BlobSource, Repository } from './model.ts';
import { pullScope, pushScope } from './scopes.ts';
import { Upload } from './upload.ts';
import { begin, cancel, type Session, type UploadContext } from './upload-session.ts';

type PushOptions = Parameters<Repository['pushBlob']>[1];

/** More repositories than this are not worth the asking: each costs a token and a request. */
const mountLimit = 3;

export async function pushBlob(
  host: Host,
  path: string,
  source: BlobSource,
  options: PushOptions,
): Promise<'exists' | 'mounted' | 'uploaded'> {
  const { signal } = options;
  const context: UploadContext = { host, path, scopes: [pushScope(path)], signal };
  const arrived = () => hasBlob(context, source);
  if (await arrived()) return 'exists';
  const mounted = await mount(context, source, options.mountFrom);
  if (mounted === 'mounted') return mounted;
  await using upload = new Upload(context, { source, progress: options.progress, arrived }, mounted);
  await upload.run();
  return 'uploaded';
}

async function hasBlob(
  { host, path, scopes, signal }: UploadContext,
  { digest }: BlobSource,
): Promise<boolean> {
  const answer = await host.ask({
    method: 'HEAD',
    path: `${path}/blobs/${digest}`,
    also: [404],
    scopes,
    signal,
  });
  answer.discard();
  return answer.status === 200;
}

/** What does not work is an upload that has been begun (a registry that cannot mount begins one), or null. */
async function mount(
  context: UploadContext,
  { digest }: BlobSource,
  from: readonly string[],
): Promise<'mounted' | Session | null> {
  let session: Session | null = null;
  for (const repository of from.filter((path) => path !== context.path).slice(0, mountLimit)) {
    if (session !== null) await cancel(context, session);
    try {
      const scopes = [...context.scopes, pullScope(repository)];
      session = await begin({ ...context, scopes }, { digest, from: repository });
    } catch {
      context.signal.throwIfAborted();
      session = null;
      continue;
    }
    if (session === null) return 'mounted';
  }
  return session;
}
