/**
 * The recorder: a server that speaks Redis's protocol in the runner's own process. Implementations under test use it as broker
 * and result store when nobody names others, and what they sent can be read afterwards.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Connection } from "./connection.ts";
import type { RecordedCommand } from "./log.ts";
import { Recording } from "./recording.ts";

export type { RecordedClient, RecordedCommand } from "./log.ts";

export interface RecorderOptions {
  /** Port to listen on; 0, which is the default, takes a free one. */
  readonly port?: number;
  /** Memory for keys and values, about; more is refused with OOM. Default: 256 MiB. */
  readonly maxBytes?: number;
  /** Clients at a time. Default: 1000. */
  readonly maxClients?: number;
  /** Commands that the log keeps. Default: 10 000, and 32 MiB of them. */
  readonly maxLog?: number;
}

export interface Recorder {
  /** `redis://127.0.0.1:<port>`; databases are 0 to 15. */
  readonly url: string;
  readonly port: number;
  /** The last commands, the oldest first. */
  readonly log: readonly RecordedCommand[];
  /** Commands that it does not know and somebody sent, and how often. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Ends all connections; resolves when they are gone. Twice is fine. */
  close(): Promise<void>;
}

const SWEEP_EVERY_MS = 100;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const MAX_LOG_BYTES = 32 * 1024 * 1024;

/** Starts a server on 127.0.0.1. Rejects when the port is taken. */
export async function startRecorder(options: RecorderOptions = {}): Promise<Recorder> {
  const { port = 0, maxBytes = DEFAULT_MAX_BYTES, maxClients = 1000, maxLog = 10_000 } = options;
  const recording = new Recording({ maxBytes, log: { maxCommands: maxLog, maxBytes: MAX_LOG_BYTES } });
  const sockets = new Set<Socket>();
  let lastId = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    if (sockets.size > maxClients) {
      socket.end("-ERR max number of clients reached\r\n");
      // Unread, what it has sent would keep it open.
      socket.resume();
      return;
    }
    lastId += 1;
    new Connection(socket, recording, lastId);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const sweeper = setInterval(() => recording.sweep(), SWEEP_EVERY_MS);
  sweeper.unref();
  let closing: Promise<void> | undefined;
  const taken = portOf(server);
  return {
    url: `redis://127.0.0.1:${taken}`,
    port: taken,
    log: recording.log.commands,
    unknown: recording.unknown,
    close() {
      clearInterval(sweeper);
      closing ??= new Promise((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closing;
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
