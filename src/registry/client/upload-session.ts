/** The requests of which an upload consists (distribution-spec, "Pushing blobs"). */
import { internal, invalid } from '../../lib/errors.ts';
import type { Digest } from '../../lib/ids.ts';
import { requestWords } from './connection-failure.ts';
import type { Answer, Body } from './exchange.ts';
import type { Host } from './host.ts';
import { uploadedBytes } from './ranges.ts';
import { httpUrl, withoutUser } from './urls.ts';

/** An upload that the registry has begun. */
export interface Session {
  location: URL;
  /** Bytes that the registry has. */
  offset: number;
}

export interface UploadContext {
  host: Host;
  path: string;
  scopes: readonly string[];
  signal: AbortSignal;
}

/** A registry may hash and copy gigabytes before it answers the last request. */
const commitPatience = 15 * 60_000;

/** `mount`: what to link from another repository instead; null = the registry did that. */
export async function begin(
  { host, path, scopes, signal }: UploadContext,
  mount?: { digest: Digest; from: string },
): Promise<Session | null> {
  const answer = await host.ask({
    method: 'POST',
    path: `${path}/blobs/uploads/`,
    ...(mount && { query: { mount: mount.digest, from: mount.from } }),
    scopes,
    signal,
  });
  answer.discard();
  if (mount !== undefined && answer.status === 201) return null;
  return { location: locationOf(host, answer, null), offset: 0 };
}

/** Sends bytes from the session's offset on; the answer says how many arrived. */
export async function patch(
  { host, scopes, signal }: UploadContext,
  session: Session,
  body: Body,
): Promise<Session> {
  const end = session.offset + body.length;
  // The first request is a plain stream, as Docker's: not every registry understands chunks.
  const range = session.offset > 0 && { 'Content-Range': `${session.offset}-${end - 1}` };
  const answer = await host.askOnce({
    method: 'PATCH',
    path: session.location,
    headers: { 'Content-Type': 'application/octet-stream', ...range },
    body,
    patience: commitPatience,
    scopes,
    signal,
  });
  answer.discard();
  const taken = answer.header('range');
  // A registry that says nothing has taken everything; one that says 0-0 has nothing to speak of.
  const offset = uploadedBytes(taken) ?? (taken === '' ? end : session.offset);
  if (offset > end)
    throw invalid(`${requestWords(answer)}: the registry says that it has more than was sent`);
  return { location: locationOf(host, answer, session), offset };
}

/** The last request; `body` is what the registry does not have yet. */
export async function commit(
  { host, scopes, signal }: UploadContext,
  { location }: Session,
  digest: Digest,
  body: Body,
): Promise<void> {
  const url = new URL(location);
  // Appended as text: the rest of the query belongs to the registry, which may have signed it.
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  const answer = await host.askOnce({
    method: 'PUT',
    path: url,
    headers: { 'Content-Type': 'application/octet-stream' },
    body,
    patience: commitPatience,
    scopes,
    signal,
  });
  answer.discard();
  const stored = answer.header('docker-content-digest');
  if (stored !== '' && stored !== digest)
    throw internal(`${requestWords(answer)}: the registry stored the blob as ${JSON.stringify(stored)}`);
}

/** How far the registry got; null when it does not know, or no longer has the upload. */
export async function status(
  { host, scopes, signal }: UploadContext,
  session: Session,
): Promise<Session | null> {
  const also = [400, 404, 405, 410, 416];
  const answer = await host.ask({ method: 'GET', path: session.location, also, scopes, signal });
  answer.discard();
  const offset = uploadedBytes(answer.header('range'));
  if (also.includes(answer.status) || offset === null) return null;
  return { location: locationOf(host, answer, session), offset };
}

/**
 * Best effort: the registry forgets it by itself in the end. docker-registry refuses to be asked about an upload of which it has more than
 * its last answer said.
 */
export async function cancel(context: UploadContext, { location }: Session): Promise<void> {
  const signal = AbortSignal.timeout(5_000);
  try {
    const answer = await context.host.askOnce({
      method: 'DELETE',
      path: location,
      scopes: context.scopes,
      signal,
    });
    answer.discard();
  } catch {
    // Whoever cancels has a reason of his own to report.
  }
}

function locationOf(host: Host, answer: Answer, session: Session | null): URL {
  const text = answer.header('location');
  if (text === '' && session !== null) return session.location;
  const url = text === '' ? null : httpUrl(text, answer.url.href);
  if (url === null) throw invalid(`${requestWords(answer)}: the registry did not say where to upload to`);
  return host.secured(withoutUser(url));
}
