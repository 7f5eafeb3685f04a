/**
 * Connections on which nothing was asked yet. Node does not count them as idle, so a closing server would wait for them:
 * browsers and connection pools open some ahead of need.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { HttpServer } from "./server.ts";

const unused = new WeakMap<HttpServer, Set<Socket>>();

/** Begins to take note, before the server listens. */
export function watchUnused(server: HttpServer): void {
  const sockets = new Set<Socket>();
  unused.set(server, sockets);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.prependListener("request", ({ socket }: IncomingMessage) => void sockets.delete(socket));
}

/** Closes those of a server that accepts no more; who has begun to ask may finish. */
export function closeUnused(server: HttpServer): void {
  for (const socket of unused.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
}
