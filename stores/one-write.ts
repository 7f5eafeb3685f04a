/**
 * What is written to a socket in one turn of the event loop leaves in one system call, which costs more than a command does.
 * A turn is everything that was readable when it began: with many callers at once, a write carries the commands of many.
 */
import type { Duplex } from "node:stream";

export function inOneWrite(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return write(...args);
  };
}
