import type { Duplex } from 'node:stream';
import { CloseCode } from 'graphql-ws';
import WebSocket from 'ws';
import type { Standing } from '../identity/standing.js';
import type { Caller } from '../identity/tokens.js';
import type { Outbox } from './outbox.js';

/** Messages are given ahead of a reader up to so many bytes. */
const WAITING_BYTES = 16 * 1024;
/** A message that the socket does not take within this time: nobody reads at the other end. Looked at each second, so that it is let go within 10. */
const STUCK_MS = 7_000;
/** Each so many looks it is asked whether it is there. */
const LOOKS_A_PING = 12;
/** A close reason may have 123 bytes (RFC 6455, 5.5). */
const REASON_BYTES = 123;
/** Bytes that may wait for a reader who goes on asking: some of the largest messages. */
const ANSWERS_AT_MOST = 4 * 1024 * 1024;
/** How long a connection may be open before it has said who it is. */
const GREETING_MS = 3_000;

/** What is the same for all connections. */
export interface House {
  readonly outbox: Outbox;
  standingOf(personId: string | undefined): Standing;
  report(error: unknown): void;
}

/**
 * What ws, graphql-ws and we know of a connection, in one object without closures or timers of its own: there are thousands, and this is what a
 * subscriber costs. It is looked at once a second instead.
 */
export class Connection extends WebSocket {
  caller: Caller | undefined;
  /** Set by whoever has looked at the greeting. */
  isGreeted = false;
  private house!: House;
  private way!: Duplex;
  private hear: ((text: string) => Promise<void>) | undefined;
  private ended: ((code: number, reason: string) => Promise<void>) | undefined;
  private openedAt = 0;
  /** Since when it has not taken what it was sent; 0: it has. */
  private fullSince = 0;
  private looks = 0;
  private isPongDue = false;

  /** @param way what this connection writes to. @param speak begins the protocol on it and tells what is to be done at its end */
  begin(house: House, way: Duplex, speak: (connection: Connection) => (code: number, reason: string) => Promise<void>): void {
    this.house = house;
    this.way = way;
    this.openedAt = now();
    this.ended = speak(this);
    this.on('message', Connection.onMessage).on('pong', Connection.onPong).on('close', Connection.onClose).on('error', Connection.onError);
  }

  /** Called by graphql-ws. */
  onMessage(hear: (text: string) => Promise<void>): void {
    this.hear = hear;
  }

  /** As of now. */
  standing(): Standing {
    return this.house.standingOf(this.caller?.personId);
  }

  /** Undefined: and the next one at once, while little waits to be taken, so that what comes together leaves together; otherwise when it has been taken. */
  say(text: string): Promise<void> | undefined {
    // It is over, which whoever closes it is told a moment later; to go on would let nothing else happen, that included.
    if (this.readyState !== WebSocket.OPEN) return new Promise(() => undefined);
    this.house.outbox.hold(this.way);
    if (this.bufferedAmount < WAITING_BYTES) return void this.send(text);
    return new Promise((resolve, reject) => this.send(text, (error) => (error ? reject(error) : resolve())));
  }

  /** Called each second. Ends it where its reader takes nothing any more, so that it holds nothing up here, where it says nothing, or where its time is over. */
  look(): void {
    if (this.bufferedAmount === 0) this.fullSince = 0;
    else if (this.fullSince === 0) this.fullSince = now();
    else if (now() - this.fullSince >= STUCK_MS) return this.terminate();
    if (!this.isGreeted && now() - this.openedAt >= GREETING_MS) this.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout');
    this.checkTime();
    if (++this.looks % LOOKS_A_PING === 0) this.probe();
  }

  /** 4403 lets clients connect anew, with a fresh token; 4401 would be final for them. */
  checkTime(): void {
    if (this.caller && this.caller.expiresAt <= Date.now()) this.close(CloseCode.Forbidden, 'The access token has expired. Connect again with a new one.');
  }

  /** Ends it where the last ping was not answered. */
  private probe(): void {
    if (this.isPongDue) return this.terminate();
    this.isPongDue = true;
    if (this.readyState === WebSocket.OPEN) this.ping();
  }

  /** A longer reason is cut, with room for the sign that stands for half a character. */
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason === undefined ? reason : Buffer.from(Buffer.from(reason).subarray(0, REASON_BYTES - 3).toString()));
  }

  private heard(text: string): void {
    // Who asks without reading the answers; nothing here is answered with more.
    if (this.bufferedAmount > ANSWERS_AT_MOST) return this.terminate();
    this.hear?.(text).catch((error: unknown) => {
      if ((error as Error).message.startsWith('Unexpected message of type')) return this.close(CloseCode.BadRequest, (error as Error).message);
      this.house.report(error);
      this.close(CloseCode.InternalServerError, 'Internal server error');
    });
  }

  private left(code: number, reason: string): void {
    this.ended?.(code, reason).catch((error: unknown) => this.house.report(error));
  }

  // One function for all: ws calls it on the connection.
  private static onMessage(this: WebSocket, data: WebSocket.RawData): void { (this as Connection).heard(String(data)); }
  private static onPong(this: WebSocket): void { (this as Connection).isPongDue = false; }
  private static onClose(this: WebSocket, code: number, reason: Buffer): void { (this as Connection).left(code, String(reason)); }
  /** A message that is too large or no frame is the client's error: ws closes it with its code. */
  private static onError(): void { /* Nothing here is to be done. */ }
}

/** Milliseconds as a small integer, which takes no room of its own. */
const now = (): number => Math.round(performance.now());
