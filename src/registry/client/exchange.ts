/** One HTTP request and its answer, as the layers of the client hand them to each other. */

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Body {
  /** Bytes; sent as Content-Length. */
  length: number;
  open(): AsyncIterable<Uint8Array>;
}

export function bytesBody(bytes: Uint8Array): Body {
  return {
    length: bytes.byteLength,
    async *open() {
      yield bytes;
    },
  };
}

export interface Exchange {
  method: Method;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: Body;
  signal: AbortSignal;
  /** Milliseconds that the answer's head may take; default: as for any other byte. */
  patience?: number;
}

export interface Answer {
  /** Where it came from: after redirects not what was asked. */
  url: URL;
  method: Method;
  status: number;
  /** "" when absent. */
  header(name: string): string;
  /** The body. Throws unavailable (with ConnectionFailure) when the connection breaks or stalls before its end. */
  chunks(): AsyncIterable<Uint8Array>;
  /** The whole body. Throws invalid when it is larger than `limit` bytes. */
  document(limit: number): Promise<Buffer>;
  /** Not interested in the body. */
  discard(): void;
}

export interface TlsSettings {
  /** False: any certificate will do. */
  verify: boolean;
  /** PEM; trusted beside the system's. */
  ca: readonly string[];
  /** PEM; what the client shows when it is asked who it is. */
  client: { cert: string; key: string } | null;
}

export const defaultTls: TlsSettings = { verify: true, ca: [], client: null };
