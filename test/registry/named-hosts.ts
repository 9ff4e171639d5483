/** A proxy that knows every name: `anything:PORT` is 127.0.0.1:PORT. Names other than loopback's without touching the resolver. */
import net, { type AddressInfo, type Socket } from 'node:net';

export class NamedHosts implements AsyncDisposable {
  /** First line of each connection: `CONNECT registry.example:5000 HTTP/1.1`. */
  readonly seen: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = net.createServer((socket) => this.#serve(socket));

  static async start(): Promise<NamedHosts> {
    const proxy = new NamedHosts();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** For the client. */
  get environment(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return { HTTP_PROXY: url, HTTPS_PROXY: url };
  }

  #serve(socket: Socket): void {
    this.#track(socket);
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      this.#connect(socket, head);
    };
    socket.on('data', read);
  }

  #connect(socket: Socket, head: Buffer): void {
    const line = head.toString().split('\r\n')[0] ?? '';
    this.seen.push(line);
    const port = Number(/:(\d+)[/ ]/.exec(line.replace('http://', ''))?.[1]);
    const upstream = net.connect(port, '127.0.0.1', () => {
      if (line.startsWith('CONNECT ')) socket.write('HTTP/1.1 200 OK\r\n\r\n');
      else upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('close', () => socket.destroy());
    this.#track(upstream);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
