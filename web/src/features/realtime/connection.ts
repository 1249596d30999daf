/**
 * The WebSocket: opens, says hello with the heads, keeps alive, and comes back by itself.
 *
 * What is lost when a socket breaks is nobody's business but this file's: the hello of the next one names what is held, and
 * the server sends the rest.
 */

import { NOT_AUTHENTICATED, type ClientFrame, type ServerEvent } from "../../api/events";
import { accessToken, signedInPerson } from "../../api/session";
import { backoff } from "../../lib/backoff";
import type { ConnectionState } from "./state";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
const PING_EVERY_MS = 45_000;
const ANSWER_WITHIN_MS = 10_000;

interface Handlers {
  /** Called before every attempt, for what the hello needs; rejects when the server cannot be reached. */
  prepare: () => Promise<Record<string, number>>;
  onEvent: (event: ServerEvent) => void;
  onState: (state: ConnectionState) => void;
}

export class Connection {
  private socket: WebSocket | null = null;
  private live = false;
  private stopped = true;
  private attempt = 0;
  private generation = 0;
  private refusedToken: string | undefined;
  private retryTimer = 0;
  private pingTimer = 0;
  private answerTimer = 0;

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

  private async open(): Promise<void> {
    this.drop();
    const generation = this.generation;
    this.handlers.onState("connecting");
    let token: string;
    let heads: Record<string, number>;
    try {
      token = await accessToken(this.refusedToken);
      heads = await this.handlers.prepare();
    } catch {
      // Signed out: the session is gone and this screen with it. Anything else passes.
      if (generation === this.generation && signedInPerson() !== null) this.retry();
      return;
    }
    if (generation !== this.generation || this.stopped) return;
    const socket = new WebSocket(`${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/v1/ws`);
    this.socket = socket;
    this.expectAnswer();
    socket.onopen = () => socket.send(JSON.stringify({ v: 1, t: "hello", d: { token, heads } }));
    socket.onmessage = (frame) => {
      if (socket === this.socket) this.receive(JSON.parse(String(frame.data)) as ServerEvent);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.refusedToken = code === NOT_AUTHENTICATED ? token : undefined;
      this.retry();
    };
  }

  private receive(event: ServerEvent): void {
    window.clearTimeout(this.answerTimer);
    this.answerTimer = 0;
    if (event.t === "resume.done") {
      this.live = true;
      this.attempt = 0;
      this.refusedToken = undefined;
      this.pingTimer = window.setInterval(this.ping, PING_EVERY_MS);
    }
    this.handlers.onEvent(event);
    if (event.t === "resume.done") this.handlers.onState("live");
    else if (!this.live) this.expectAnswer();
  }

  private readonly ping = (): void => {
    if (this.send({ t: "ping", d: {} })) this.expectAnswer();
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
    window.clearTimeout(this.retryTimer);
    window.clearTimeout(this.answerTimer);
    window.clearInterval(this.pingTimer);
    this.retryTimer = this.answerTimer = this.pingTimer = 0;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}
