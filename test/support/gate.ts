import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** A way to a port that can be broken: `HANGS` takes everything and hands on nothing, `ANSWERS_LOST` hands on what is asked and cuts where it is answered, `CUT` refuses. */
export type Passage = 'OPEN' | 'HANGS' | 'ANSWERS_LOST' | 'CUT';

export class Gate {
  private passage: Passage = 'OPEN';
  private readonly open = new Set<Socket>();
  /** Answers that were lost on the way. */
  lost = 0;

  private constructor(private readonly server: Server, readonly port: number) {}

  static async to(port: number): Promise<Gate> {
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const gate = new Gate(server, (server.address() as AddressInfo).port);
    server.on('connection', (near) => gate.pass(near, connect(port, '127.0.0.1')));
    return gate;
  }

  /** What is under way is treated so too. */
  set(passage: Passage): void {
    this.passage = passage;
    if (passage === 'CUT') for (const socket of this.open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.set('CUT');
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  private pass(near: Socket, far: Socket): void {
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.open.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.open.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => {
        if (this.passage === 'HANGS') return;
        if (this.passage === 'ANSWERS_LOST' && from === far) {
          this.lost++;
          return void far.destroy();
        }
        to.write(bytes);
      });
    }
    if (this.passage === 'CUT') near.destroy();
  }
}
