/** The protocol of SSH agents (draft-ietf-sshm-ssh-agent), as far as whoever stands between has to know it. */

/** Anything that bytes can be taken from; null at the end. */
interface Source {
  read(): Promise<Uint8Array | null>;
}

const requestIdentities = 11;
const signRequest = 13;
/** Bytes; OpenSSH's own limit. */
const longest = 256 * 1024;
const lengthBytes = 4;

/** What a build may ask: which keys there are, and to sign with one. It may not add, remove or lock keys, as with BuildKit. */
export function mayAsk(message: Uint8Array): boolean {
  const type = message[lengthBytes];
  return type === requestIdentities || type === signRequest;
}

/** The answer to everything else: SSH_AGENT_FAILURE. */
export const refused = Uint8Array.of(0, 0, 0, 1, 5);

/** Whole messages, each with its length before it. Throws at one that no agent would read; what ends in the middle of one is dropped. */
export async function* messages(source: Source): AsyncGenerator<Uint8Array> {
  let bytes = Buffer.alloc(0);
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
    bytes = Buffer.concat([bytes, chunk]);
    for (let end = endOf(bytes); end !== null && end <= bytes.length; end = endOf(bytes)) {
      yield bytes.subarray(0, end);
      bytes = bytes.subarray(end);
    }
  }
}

/** Where the first message ends; null: not enough of it is here to know. */
function endOf(bytes: Buffer): number | null {
  if (bytes.length < lengthBytes) return null;
  const length = bytes.readUInt32BE();
  if (length === 0 || length > longest) throw new Error(`an agent's message has ${length} bytes`);
  return lengthBytes + length;
}
