/** A network between a store and its server, to be broken: bytes vanish and connections stay open, as in a partition. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { cleanUp } from "../../testing/clean-up.ts";

export interface Proxy {
  readonly url: string;
  /** Which way bytes vanish from now on. */
  swallow(what: "nothing" | "requests" | "replies" | "both"): void;
  /** Resets all connections. */
  cut(): void;
}

export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let swallowed = "nothing";
  const pass = (from: Socket, to: Socket, what: "requests" | "replies"): void => {
    from.on("data", (bytes) => {
      if (swallowed !== what && swallowed !== "both") to.write(bytes);
    });
    from.on("close", () => to.destroy());
    from.on("error", () => undefined);
    sockets.add(from);
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    pass(client, upstream, "requests");
    pass(upstream, client, "replies");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  cleanUp(async () => {
    server.close();
    cut();
  });
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    swallow(what) {
      swallowed = what;
    },
    cut,
  };
}
