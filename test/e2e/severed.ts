/** A network in front of a broker, on which connections can fall silent without being closed: each end waits for the other. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { cleanUp } from "../../testing/clean-up.ts";

export interface Network {
  /** The broker's URL by way of this network. */
  readonly url: string;
  /** All connections there are fall silent; new ones work. */
  sever(): void;
}

export async function startNetwork(brokerUrl: string): Promise<Network> {
  const { hostname, port } = new URL(brokerUrl);
  const sockets = new Set<Socket>();
  const severed = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on("data", (bytes) => severed.has(from) || to.write(bytes));
    from.on("close", () => severed.has(from) || to.destroy());
    from.on("error", () => undefined);
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const url = new URL(brokerUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    sever() {
      for (const socket of sockets) severed.add(socket);
    },
  };
}
