import { Metadata, Server, ServerCredentials, status, type sendUnaryData, type ServerReadableStream, type ServerWritableStream } from '@grpc/grpc-js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';

type AppendReq = InstanceType<typeof streamsPb.AppendReq>;
type AppendResp = InstanceType<typeof streamsPb.AppendResp>;
type ReadReq = InstanceType<typeof streamsPb.ReadReq>;
type ReadResp = InstanceType<typeof streamsPb.ReadResp>;

export interface Recorded { readonly id: string; readonly type: string; readonly contentType: string; readonly data: Uint8Array; readonly metadata: Uint8Array; readonly created: number }

/** What is to go wrong with the next call of a kind, once. */
export type Mishap =
  /** The answer of an append is lost: it is written, and the caller is told that the server is not there. */
  | 'ANSWER_LOST'
  /** Told that the server is not there, and nothing is written. */
  | 'UNAVAILABLE'
  /** As kill -9 of a server behind a proxy: written, and the call never ends. */
  | 'HANGS'
  | 'NOT_READY' | 'NOT_LEADER' | 'ACCESS_DENIED' | 'UNKNOWN_USER' | 'DELETED';

/** An event as the real server takes it: below 16 MiB. */
const EVENT_AT_MOST = 16 * 1024 * 1024 - 1;
const TICKS_A_MS = 10_000n;

/**
 * A stand-in for an EventStoreDB on a port of its own, in memory, speaking its protocol with the client's own definitions. It does what is written down
 * of the real one (a real one is asked the same by the same tests where EVENTSTOREDB_URL is given), and what goes wrong when told to.
 */
export class EventStoreDbDouble {
  readonly streams = new Map<string, Recorded[]>();
  /** Calls of each kind that have come in. */
  readonly calls = { append: 0, read: 0 };
  /** Its clock, in milliseconds since 1970: `created` of events, and the date of answers in whole seconds. */
  clock: () => number = Date.now;
  /** As where something in between takes the date away. */
  hidesDate = false;
  /** Nobody is there, for every call. */
  isAway = false;
  /** Answers everything so. */
  denies: Mishap | undefined;
  /** Answers every append so. */
  appends: Mishap | undefined;
  /** Events of streams that were sent to readers. */
  sent = 0;
  /** What is kept of an event that is written, for tests of a disk that keeps something else. */
  keeps: (event: Recorded, revision: number) => Recorded = (event) => event;
  /** Before a reading that begins at a revision looks at the stream; the real one reads several at once in any order. */
  beforeReading: (revision: number) => Promise<void> = async () => undefined;
  private readonly server = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
  private readonly mishaps: { readonly of: 'append' | 'read'; readonly what: Mishap }[] = [];
  private port = 0;

  static async start(): Promise<EventStoreDbDouble> {
    const double = new EventStoreDbDouble();
    double.server.addService(streamsGrpc.StreamsService as never, {
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) => double.append(call, answer),
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => void double.read(call),
    });
    double.port = await new Promise<number>((resolve, reject) => {
      double.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
    });
    return double;
  }

  get connection(): string { return `esdb://127.0.0.1:${this.port}?tls=false`; }

  /** The next call of a kind goes wrong. Several wait in line. */
  next(of: 'append' | 'read', what: Mishap): void {
    this.mishaps.push({ of, what });
  }

  async stop(): Promise<void> {
    this.server.forceShutdown();
    await new Promise<void>((resolve) => { setImmediate(resolve); });
  }

  private mishap(of: 'append' | 'read'): Mishap | undefined {
    if (this.isAway) return 'UNAVAILABLE';
    if (this.denies) return this.denies;
    if (this.appends && of === 'append') return this.appends;
    const place = this.mishaps.findIndex((mishap) => mishap.of === of);
    return place < 0 ? undefined : this.mishaps.splice(place, 1)[0]?.what;
  }

  private append(call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>): void {
    this.calls.append++;
    const mishap = this.mishap('append');
    let options: InstanceType<typeof streamsPb.AppendReq.Options> | undefined;
    const proposed: Recorded[] = [];
    let tooLarge = false;
    call.on('error', () => undefined);
    call.on('data', (request: AppendReq) => {
      options = request.getOptions() ?? options;
      const message = request.getProposedMessage();
      if (!message) return;
      const [data, metadata] = [message.getData_asU8(), message.getCustomMetadata_asU8()];
      tooLarge ||= data.length + metadata.length > EVENT_AT_MOST;
      proposed.push({
        id: message.getId()?.getString().toLowerCase() ?? '', type: message.getMetadataMap().get('type') ?? '', contentType: message.getMetadataMap().get('content-type') ?? '',
        data, metadata, created: this.clock(),
      });
    });
    call.on('end', () => {
      // Given up on the way, it is no batch: the real one writes those that came whole.
      if (call.cancelled) return undefined;
      if (mishap && mishap !== 'ANSWER_LOST' && mishap !== 'HANGS') return answer(failureOf(mishap) as never);
      if (tooLarge) return answer({ code: status.RESOURCE_EXHAUSTED, details: 'Received message exceeds the maximum configured message size.' } as never);
      if (!options) return answer({ code: status.INVALID_ARGUMENT, details: 'no options' } as never);
      const response = this.write(options, proposed);
      if (mishap === 'HANGS') return undefined;
      if (mishap === 'ANSWER_LOST') return answer({ code: status.UNAVAILABLE, details: 'Connection dropped' } as never);
      return answer(null, response);
    });
  }

  /** As the real one judges: the expected revision exactly; the same ids after it once more are a success that writes nothing. */
  private write(options: InstanceType<typeof streamsPb.AppendReq.Options>, proposed: readonly Recorded[]): AppendResp {
    const name = Buffer.from(options.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
    const stream = this.streams.get(name) ?? [];
    const expected = options.hasNoStream() ? -1 : options.hasRevision() ? Number(options.getRevision()) : stream.length - 1;
    const response = new streamsPb.AppendResp();
    const written = stream.slice(expected + 1, expected + 1 + proposed.length);
    const repeated = proposed.length > 0 && written.length === proposed.length && written.every(({ id }, i) => id === proposed[i]?.id);
    if (expected !== stream.length - 1 && !repeated) {
      const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
      if (stream.length === 0) wrong.setCurrentNoStream(new sharedPb.Empty());
      else wrong.setCurrentRevision(String(stream.length - 1));
      if (expected < 0) wrong.setExpectedNoStream(new sharedPb.Empty());
      else wrong.setExpectedRevision(String(expected));
      return response.setWrongExpectedVersion(wrong);
    }
    if (!repeated) this.streams.set(name, [...stream, ...proposed.map((event, i) => (name.startsWith('$$') ? event : this.keeps(event, stream.length + i)))]);
    const success = new streamsPb.AppendResp.Success();
    success.setCurrentRevision(String(expected + proposed.length));
    success.setPosition(new streamsPb.AppendResp.Position().setCommitPosition('0').setPreparePosition('0'));
    return response.setSuccess(success);
  }

  private async read(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
    this.calls.read++;
    call.on('error', () => undefined);
    const mishap = this.mishap('read');
    if (mishap === 'HANGS') return;
    if (mishap) return void call.emit('error', failureOf(mishap));
    const dated = new Metadata();
    if (!this.hidesDate) dated.set('date', new Date(this.clock()).toUTCString());
    call.sendMetadata(dated);
    const options = call.request.getOptions();
    const identifier = options?.getStream()?.getStreamIdentifier();
    const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
    const asked = options?.getStream();
    await this.beforeReading(Number(asked?.getRevision()));
    const stream = this.streams.get(name);
    if (!stream) {
      const missing = new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(identifier);
      call.write(new streamsPb.ReadResp().setStreamNotFound(missing));
      return void call.end();
    }
    const forwards = options?.getReadDirection() === 0;
    const from = asked?.hasStart() ? 0 : asked?.hasEnd() ? stream.length - 1 : Number(asked?.getRevision());
    const count = Number(options?.getCount());
    for (let n = 0, revision = from; n < count && revision >= 0 && revision < stream.length; n++, revision += forwards ? 1 : -1) {
      this.sent++;
      call.write(new streamsPb.ReadResp().setEvent(new streamsPb.ReadResp.ReadEvent().setEvent(recordOf(name, revision, stream[revision] as Recorded))));
    }
    call.end();
  }
}

function recordOf(stream: string, revision: number, { id, type, contentType, data, metadata, created }: Recorded): InstanceType<typeof streamsPb.ReadResp.ReadEvent.RecordedEvent> {
  const record = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  record.setId(new sharedPb.UUID().setString(id));
  record.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream, 'utf8').toString('base64')));
  record.setStreamRevision(String(revision)).setCommitPosition('0').setPreparePosition('0').setCustomMetadata(metadata).setData(data);
  record.getMetadataMap().set('type', type).set('content-type', contentType).set('created', String(BigInt(created) * TICKS_A_MS));
  return record;
}

function failureOf(what: Mishap): { code: number; details: string; metadata?: Metadata } {
  const told = (exception: string, more: Readonly<Record<string, string>> = {}): Metadata => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries({ exception, ...more })) metadata.set(name, value);
    return metadata;
  };
  switch (what) {
    case 'NOT_READY': return { code: status.UNKNOWN, details: 'Could not recognize Server Is Not Ready' };
    case 'NOT_LEADER': return { code: status.NOT_FOUND, details: 'Leader info available', metadata: told('not-leader', { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': '1' }) };
    case 'UNKNOWN_USER': return { code: status.UNAUTHENTICATED, details: 'Invalid credentials' };
    case 'ACCESS_DENIED': return { code: status.PERMISSION_DENIED, details: 'Access Denied', metadata: told('access-denied') };
    case 'DELETED': return { code: status.FAILED_PRECONDITION, details: 'Event stream is deleted.', metadata: told('stream-deleted', { 'stream-name': 'committee' }) };
    default: return { code: status.UNAVAILABLE, details: 'failed to connect' };
  }
}
