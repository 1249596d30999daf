import { beforeEach, expect, test, vi } from "vitest";

/** The browser's socket, opened by the test and recorded. */
class Socket extends EventTarget {
  static readonly OPEN = 1;
  static readonly all: Socket[] = [];
  readyState = 0;
  readonly said: { t: string; d: Record<string, unknown> }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((frame: { data: string }) => void) | null = null;
  onclose: ((closing: { code: number }) => void) | null = null;

  constructor(readonly url: string) {
    super();
    Socket.all.push(this);
  }

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code: 1000 });
  }

  accept(): void {
    this.readyState = Socket.OPEN;
    this.onopen?.();
  }

  hear(t: string, d: object): void {
    this.onmessage?.({ data: JSON.stringify({ v: 1, t, d }) });
  }
}

let address = "";

async function opened(count: number): Promise<Socket> {
  await vi.waitFor(() => expect(Socket.all).toHaveLength(count));
  return Socket.all[count - 1]!;
}

beforeEach(() => {
  vi.resetModules();
  Socket.all.length = 0;
  const session = { access_token: "token", expires_at: Date.now() + 1e9, person: { id: "me" } };
  vi.stubGlobal("window", Object.assign(new EventTarget(), { setTimeout, clearTimeout, setInterval, clearInterval }));
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("localStorage", { getItem: () => JSON.stringify(session) });
  vi.stubGlobal("location", { href: "http://cyphr.test/" });
  vi.stubGlobal("Request", class extends Request {
    constructor(input: string, init?: RequestInit) {
      super(new URL(input, "http://cyphr.test"), init);
    }
  });
  vi.stubGlobal("fetch", async () => Response.json({ websocket: address }));
  vi.stubGlobal("WebSocket", Socket);
  vi.spyOn(Math, "random").mockReturnValue(0.001);
});

test("told to reconnect, it is brought up to date at the new address before it leaves the old one", async () => {
  const { Connection } = await import("./connection");
  const heard: string[] = [];
  let heads: Record<string, number> = { chat: 1 };
  const connection = new Connection({
    prepare: async () => heads,
    onEvent: (event) => void heard.push(event.t),
    onState: () => undefined,
  });
  address = "ws://old.test/";
  connection.start();
  const old = await opened(1);
  old.accept();
  old.hear("resume.done", { heads, changes: {}, user_id: "me" });
  [address, heads] = ["wss://new.test/", { chat: 2 }];
  old.hear("reconnect", { url: address, within_ms: 1000 });
  old.hear("reconnect", { url: address, within_ms: 1000 });
  const successor = await opened(2);
  expect(successor.url).toBe("wss://new.test/");
  successor.accept();
  expect(successor.said[0]).toMatchObject({ t: "hello", d: { heads: { chat: 2 } } });
  expect(connection.send({ t: "ping" })).toBe(true);
  expect(old.said.at(-1)!.t).toBe("ping");
  old.hear("msg", {});
  successor.hear("resume.done", { heads, changes: {}, user_id: "me" });
  expect(old.readyState).toBe(3);
  connection.send({ t: "ping" });
  expect(successor.said.at(-1)!.t).toBe("ping");
  expect(heard).toContain("msg");
  expect(Socket.all).toHaveLength(2);
  connection.stop();
});
