/** One query to one server, from a socket of its own: so its port, like its id, is nobody else's to guess (RFC 5452). */

export interface Exchange {
  server: string;
  query: Buffer;
  /** Whether a message answers the query; whatever else arrives is passed over. */
  answers(message: Buffer): boolean;
  timeout: number;
}

const port = 53;

/** null: no answer in time, or none to be expected (nobody listens, no way there). */
export async function askUdp({ server, query, answers, timeout }: Exchange): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>();
  try {
    const socket = await Bun.udpSocket({
      connect: { hostname: server, port },
      socket: {
        data: (_, message) => {
          if (answers(message)) resolve(message);
        },
        error: () => resolve(null),
      },
    });
    const timer = setTimeout(resolve, timeout, null);
    try {
      socket.send(query);
      return await promise;
    } finally {
      clearTimeout(timer);
      socket.close();
    }
  } catch {
    return null;
  }
}

/** The first message behind its length (RFC 1035, section 4.2.2); null while it is not whole. */
function messageIn(bytes: Buffer): Buffer | null {
  if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return null;
  return bytes.subarray(2, 2 + bytes.readUInt16BE(0));
}

export async function askTcp({ server, query, answers, timeout }: Exchange): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  let received = Buffer.alloc(0);
  const timer = setTimeout(resolve, timeout, null);
  const connecting = Bun.connect({
    hostname: server,
    port,
    socket: {
      open: (socket) => void socket.write(Buffer.concat([length, query])),
      data: (_, chunk) => {
        received = Buffer.concat([received, chunk]);
        const message = messageIn(received);
        if (message) resolve(answers(message) ? message : null);
      },
      close: () => resolve(null),
      error: () => resolve(null),
      connectError: () => resolve(null),
    },
  });
  connecting.catch(() => resolve(null));
  const answer = await promise;
  clearTimeout(timer);
  void connecting.then(
    (socket) => socket.terminate(),
    () => {},
  );
  return answer;
}
