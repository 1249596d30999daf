/**
 * The WebSocket: opens, says hello with the heads, keeps alive, and comes back by itself.
 *
 * What is lost when a socket breaks is nobody's business but this file's: the hello of the next one names what is held, and
 * the server sends the rest. No socket lives longer than two hours on AWS, so before that another takes its place: it is
 * opened and brought up to date first, and only then is the old one closed.
 */

import { findWebSocket } from "../../api/client";
import { NOT_AUTHENTICATED, type ClientFrame, type ServerEvent } from "../../api/events";
import { accessToken, signedInPerson } from "../../api/session";
import { backoff } from "../../lib/backoff";
import type { ConnectionState } from "./state";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
const PING_EVERY_MS = 45_000;
const ANSWER_WITHIN_MS = 10_000;
const RENEW_AFTER_MS = 100 * 60_000;
/** So that all who came at once, as after a restart, do not come again at once. */
const RENEW_SPREAD_MS = 15 * 60_000;
const RENEW_AGAIN_MS = 60_000;

interface Handlers {
  /** Called before every attempt, for what the hello needs; rejects when the server cannot be reached. */
  prepare: () => Promise<Record<string, number>>;
  onEvent: (event: ServerEvent) => void;
  onState: (state: ConnectionState) => void;
}

export class Connection {
  private socket: WebSocket | null = null;
  /** Being opened to take the place of `socket`. */
  private successor: WebSocket | null = null;
  private live = false;
  private stopped = true;
  private attempt = 0;
  private generation = 0;
  private refusedToken: string | undefined;
  private retryTimer = 0;
  private pingTimer = 0;
  private answerTimer = 0;
  private renewTimer = 0;

  constructor(private readonly handlers: Handlers) {}

  start(): void {
    this.stopped = false;
    window.addEventListener("online", this.hurry);
    window.addEventListener("offline", this.lose);
    document.addEventListener("visibilitychange", this.look);
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener("online", this.hurry);
    window.removeEventListener("offline", this.lose);
    document.removeEventListener("visibilitychange", this.look);
    this.drop();
  }

  /** False when there is no live connection; the caller keeps what it wanted to send. */
  send(frame: ClientFrame): boolean {
    if (!this.live || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify({ v: 1, ...frame }));
    return true;
  }

  /** The answer to `resume.more`, which comes before the connection is live. */
  resumeFrom(heads: Record<string, number>): void {
    const socket = this.successor ?? this.socket;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ v: 1, t: "resume", d: { heads } }));
  }

  private async open(): Promise<void> {
    this.drop();
    const generation = this.generation;
    this.handlers.onState("connecting");
    let socket: WebSocket | null;
    try {
      socket = await this.greet(generation);
    } catch {
      // Signed out: the session is gone and this screen with it. Anything else passes.
      if (generation === this.generation && signedInPerson() !== null) this.retry();
      return;
    }
    if (socket === null) return;
    this.socket = socket;
    this.expectAnswer();
  }

  /** A socket that says hello as soon as it is open; null when it is no longer wanted. */
  private async greet(generation: number): Promise<WebSocket | null> {
    const token = await accessToken(this.refusedToken);
    const [heads, url] = await Promise.all([this.handlers.prepare(), findWebSocket()]);
    if (generation !== this.generation || this.stopped) return null;
    const socket = new WebSocket(url);
    let refused = false;
    socket.onopen = () => socket.send(JSON.stringify({ v: 1, t: "hello", d: { token, heads } }));
    socket.onmessage = (frame) => {
      const event = JSON.parse(String(frame.data)) as ServerEvent;
      // API Gateway closes without a code of ours, so the server names it in a frame.
      if (event.t === "bye") refused = event.d.code === NOT_AUTHENTICATED;
      if (socket === this.socket || socket === this.successor) this.receive(socket, event);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return this.renewLater(socket);
      this.refusedToken = refused || code === NOT_AUTHENTICATED ? token : undefined;
      this.retry();
    };
    return socket;
  }

  private receive(socket: WebSocket, event: ServerEvent): void {
    window.clearTimeout(this.answerTimer);
    this.answerTimer = 0;
    if (event.t === "resume.done") this.settle(socket);
    if (event.t === "reconnect") this.renewWithin(event.d.within_ms);
    this.handlers.onEvent(event);
    if (event.t === "resume.done") this.handlers.onState("live");
    else if (!this.live) this.expectAnswer();
  }

  /** From now on this socket is the connection. */
  private settle(socket: WebSocket): void {
    const old = this.socket;
    this.socket = socket;
    if (old !== socket) old?.close();
    this.successor = null;
    this.live = true;
    this.attempt = 0;
    this.refusedToken = undefined;
    window.clearInterval(this.pingTimer);
    this.pingTimer = window.setInterval(this.ping, PING_EVERY_MS);
    window.clearTimeout(this.renewTimer);
    this.renewTimer = window.setTimeout(() => void this.renew(), RENEW_AFTER_MS + Math.random() * RENEW_SPREAD_MS);
  }

  /** Make before break: the old socket goes on until the new one has been brought up to date. */
  private async renew(): Promise<void> {
    try {
      this.successor = await this.greet(this.generation);
    } catch {
      this.renewTimer = window.setTimeout(() => void this.renew(), RENEW_AGAIN_MS);
    }
  }

  /** The server's address has changed, for everybody at once; the way to it is asked anew before each connection. */
  private renewWithin(milliseconds: number): void {
    if (!this.live || this.successor !== null) return;
    window.clearTimeout(this.renewTimer);
    this.renewTimer = window.setTimeout(() => void this.renew(), Math.random() * milliseconds);
  }

  private renewLater(failed: WebSocket): void {
    if (failed !== this.successor) return;
    this.successor = null;
    this.renewTimer = window.setTimeout(() => void this.renew(), RENEW_AGAIN_MS);
  }

  private readonly ping = (): void => {
    if (this.send({ t: "ping" })) this.expectAnswer();
  };

  /** A socket that stays silent is dead even when nobody has said so. */
  private expectAnswer(): void {
    if (this.answerTimer !== 0) return;
    this.answerTimer = window.setTimeout(() => this.retry(), ANSWER_WITHIN_MS);
  }

  private readonly hurry = (): void => {
    this.attempt = 0;
    if (!this.live) void this.open();
  };

  private readonly lose = (): void => {
    this.drop();
    this.handlers.onState("offline");
  };

  private readonly look = (): void => {
    if (document.visibilityState !== "visible") return;
    if (this.live) this.ping();
    else if (this.retryTimer !== 0) this.hurry();
  };

  private retry(): void {
    this.drop();
    if (this.stopped) return;
    if (!navigator.onLine) return this.handlers.onState("offline");
    this.handlers.onState("waiting");
    const pause = backoff(this.attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    this.attempt += 1;
    this.retryTimer = window.setTimeout(() => void this.open(), pause);
  }

  private drop(): void {
    this.generation += 1;
    this.live = false;
    for (const timer of [this.retryTimer, this.answerTimer, this.renewTimer]) window.clearTimeout(timer);
    window.clearInterval(this.pingTimer);
    this.retryTimer = this.answerTimer = this.pingTimer = this.renewTimer = 0;
    const sockets = [this.socket, this.successor];
    this.socket = this.successor = null;
    sockets.forEach((socket) => socket?.close());
  }
}
