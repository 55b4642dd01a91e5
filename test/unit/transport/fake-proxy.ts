import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP proxy on loopback that notes what it is asked for and with which headers. */
export class FakeProxy implements AsyncDisposable {
  /** `CONNECT host:port`, or `GET http://…`. */
  readonly asked: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  /** What it answers to CONNECT; only with 200 does it connect. */
  status = 200;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor() {
    this.#server = createServer((incoming, response) => {
      this.#note(incoming);
      const { method, headers, url = '' } = incoming;
      const onward = request(url, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(onward);
    });
    this.#server.on('connect', (incoming, socket) => this.#tunnel(incoming, socket));
  }

  static async start(): Promise<FakeProxy> {
    const proxy = new FakeProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #note({ method, url, headers }: IncomingMessage): void {
    this.asked.push(`${method} ${url}`);
    this.headers.push(headers);
  }

  #tunnel(incoming: IncomingMessage, socket: Duplex): void {
    this.#note(incoming);
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    if (this.status !== 200) return void socket.end(`HTTP/1.1 ${this.status} No\r\n\r\n`);
    const [host, port] = (incoming.url ?? '').split(':');
    const onward: Socket = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    this.#sockets.add(onward);
    onward.on('error', () => socket.destroy());
  }
}
