/** A connection to Redis that shows answers as the bytes they are. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { splitLine } from "../../conformance/recorder/resp/line.ts";

export class RawRedis {
  readonly #socket: Socket;
  #data = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#data = Buffer.concat([this.#data, chunk]);
      this.#wake();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#wake());
  }

  static async open(url: string): Promise<RawRedis> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const client = new RawRedis(socket);
    await client.ask(`select ${pathname.slice(1) || "0"}`);
    return client;
  }

  /** Sends a command as one would type it. */
  send(line: string): void {
    const words = splitLine(line);
    if (words === undefined) throw new Error(`The quotes do not match: ${line}`);
    this.sendWords(words);
  }

  sendWords(words: readonly (string | Buffer)[]): void {
    const parts = words.flatMap((word) => {
      const bytes = Buffer.isBuffer(word) ? word : Buffer.from(word, "latin1");
      return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")];
    });
    this.#socket.write(Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]));
  }

  write(bytes: string): void {
    this.#socket.write(bytes, "latin1");
  }

  ask(line: string): Promise<string> {
    this.send(line);
    return this.read();
  }

  /** The next answer; "" when the connection has ended. */
  async read(): Promise<string> {
    for (;;) {
      const end = endOfReply(this.#data, 0);
      if (end !== undefined) {
        const reply = this.#data.toString("latin1", 0, end);
        this.#data = this.#data.subarray(end);
        return reply;
      }
      if (this.#socket.closed) return "";
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Where the reply that begins at `start` ends; undefined when it is not here whole. */
function endOfReply(data: Buffer, start: number): number | undefined {
  const lineEnd = data.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const next = lineEnd + 2;
  const count = Number(data.toString("latin1", start + 1, lineEnd));
  switch (data.toString("latin1", start, start + 1)) {
    case "$":
    case "=":
      if (count < 0) return next;
      return next + count + 2 <= data.length ? next + count + 2 : undefined;
    case "*":
    case "~":
    case ">":
      return endOfItems(data, next, count);
    case "%":
      return endOfItems(data, next, 2 * count);
    default:
      return next;
  }
}

function endOfItems(data: Buffer, start: number, count: number): number | undefined {
  let at = start;
  for (let item = 0; item < count; item += 1) {
    const end = endOfReply(data, at);
    if (end === undefined) return undefined;
    at = end;
  }
  return at;
}

/** A reply whose items come in any order, sorted; `size` items belong together, or with 0 it is its lines that are sorted. */
export function sortedReply(reply: string, size = 1): string {
  if (size === 0) return reply.split("\r\n").sort().join("\r\n");
  const data = Buffer.from(reply, "latin1");
  const items: string[] = [];
  let at = reply.indexOf("\r\n") + 2;
  while (at < data.length) {
    const end = endOfReply(data, at) ?? data.length;
    items.push(reply.slice(at, end));
    at = end;
  }
  const groups = Array.from({ length: Math.ceil(items.length / size) }, (_, place) =>
    items.slice(place * size, (place + 1) * size).join(""),
  );
  return reply.slice(0, reply.indexOf("\r\n") + 2) + groups.sort().join("");
}
