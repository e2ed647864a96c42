import { join } from 'node:path';
import { requestDevToken } from '../../src/identity/dev-issuer.js';
import { COPY_FILE } from '../../src/event-store/engines/eventstoredb.engine.js';
import { LOG_FILE, LogFile } from '../../src/event-store/log-file.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { compiledSrc, type Defect } from './compiled.js';
import { EventStoreDbDouble } from './eventstoredb-double.js';
import { freePort } from './gate.js';
import { RealServer, type Reply } from './real-server.js';
import { openBallot, TestServer } from './server.js';
import { removeDir, tempDir } from './temp.js';

const SECRET = 'one secret for all nodes of this test';

/** What a retry is for: the connection broke, or the node said to ask again. */
const isToBeAskedAgain = (reply: Reply): boolean => reply.errors?.[0]?.extensions?.code === 'UNAVAILABLE';

/** Real processes on one log, with a Committee whose members have an open ballot before them: one on a file, or several on a stand-in for an EventStoreDB or on a real one. */
export class Cluster {
  readonly nodes: RealServer[] = [];
  private readonly tokens = new Map<string, Promise<string>>();
  private isOver = false;

  private constructor(
    private readonly dist: string, private readonly dirs: readonly string[], private readonly settings: readonly Readonly<Record<string, string>>[], private readonly double: EventStoreDbDouble | undefined,
    readonly ballot: string, readonly regions: readonly string[], readonly head: number,
  ) {}

  /** @param server a real one, on which one node decides for all; left out, each decides for itself, so that they meet at the head of the log */
  static async start({ members, nodes, defects = [], server }: { members: number; nodes: number; defects?: readonly Defect[]; server?: { connection: string; stream: string } }): Promise<Cluster> {
    const double = nodes > 1 && !server ? await EventStoreDbDouble.start() : undefined;
    const dirs = Array.from({ length: nodes }, tempDir);
    const { connection, stream } = server ?? { connection: double?.connection, stream: 'committee-under-fire' };
    const common: Record<string, string> = { INSTALLATION_SECRET: SECRET, ...(connection !== undefined && { EVENT_STORE: connection, COMMITTEE_STREAM: stream }) };
    const addresses = server ? await Promise.all(dirs.map(async () => `http://127.0.0.1:${await freePort()}`)) : [];
    const settings = dirs.map((_, i) => ({ ...common, ...(server && { NODES: addresses.join(), THIS_NODE: addresses[i] as string }) }));
    const first = await TestServer.start({ sample: 'none', dataDir: dirs[0] as string, settings: common });
    const { ballot, regions } = await openBallot(first, members);
    const { head } = first;
    await first.stop({ keep: true });
    const cluster = new Cluster(await compiledSrc(defects), dirs, settings, double, ballot, regions, head);
    await Promise.all(dirs.map((_, i) => cluster.startNode(i)));
    return cluster;
  }

  async killAndStart(i: number): Promise<void> {
    await this.node(i).kill();
    await this.startNode(i);
  }

  /** Asks once. @throws where nothing was answered */
  async mutate(node: number, person: string, command: string, input: object): Promise<Reply> {
    return this.node(node).mutate(await this.token(node, person), command, input);
  }

  async ask(node: number, person: string, query: string): Promise<Reply> {
    return this.node(node).ask(query, await this.token(node, person));
  }

  /** Asks the same, with the same id, until there is an answer. */
  async insist(node: () => number, person: string, command: string, input: { readonly commandId: string }): Promise<Reply> {
    const end = Date.now() + 120_000;
    for (;;) {
      const reply = await this.mutate(node(), person, command, input).catch(() => undefined);
      if (reply && !isToBeAskedAgain(reply)) return reply;
      if (this.isOver || Date.now() > end) throw new Error(`${command} was not answered: ${JSON.stringify(reply)}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  /** What nodes said that ended without having been told to. */
  fallen(): string[] {
    return this.nodes.flatMap(({ fell }) => fell ?? []);
  }

  /** What a node that is stopped has of the log. */
  entries(node: number): readonly StoredEntry[] {
    const log = LogFile.open(join(this.dirs[node] as string, this.settings[node]?.['EVENT_STORE'] === undefined ? LOG_FILE : COPY_FILE), { readOnly: true });
    const entries = log.read(0, 1_000_000);
    log.close();
    return entries;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.double?.stop();
  }

  removeFiles(): void {
    this.dirs.forEach(removeDir);
  }

  private node(i: number): RealServer {
    return this.nodes[i] as RealServer;
  }

  private async startNode(i: number): Promise<void> {
    this.nodes[i] = await RealServer.start(this.dist, this.dirs[i] as string, { env: this.settings[i] as Record<string, string> });
  }

  /** Each node has a development issuer of its own. Tokens outlast a restart. */
  private token(node: number, person: string): Promise<string> {
    const key = `${node} ${person}`;
    let token = this.tokens.get(key);
    if (!token) {
      token = requestDevToken(new URL(this.node(node).url).origin, person);
      token.catch(() => this.tokens.delete(key));
      this.tokens.set(key, token);
    }
    return token;
  }
}
