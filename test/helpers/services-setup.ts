import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { programs, type ServiceName } from "./services-plans.ts";
import { SharedServer } from "./services-pool.ts";

declare module "vitest" {
  interface ProvidedContext {
    services: {
      /** Where the test processes ask for a place on a shared server. */
      readonly url: string;
      /** The servers that are not installed, with the Debian package to install. */
      readonly missing: Readonly<Partial<Record<ServiceName, string>>>;
    };
  }
}

type Servers = Readonly<Record<ServiceName, SharedServer>>;

const names: readonly ServiceName[] = ["redis", "rabbitmq", "postgres"];

/**
 * Runs in Vitest's main process for the whole run: one server of each kind, shared by all test processes. Each starts
 * when a test first asks for it, or before all tests when CELERITY_TEST_SERVICES names it (`redis,rabbitmq`, or `all`).
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = findMissing();
  const servers: Servers = {
    redis: new SharedServer("redis"),
    rabbitmq: new SharedServer("rabbitmq"),
    postgres: new SharedServer("postgres"),
  };
  const desk = createServer((request, response) => void serve(servers, request, response));
  await new Promise<void>((resolve) => desk.listen(0, "127.0.0.1", resolve));
  project.provide("services", { url: `http://127.0.0.1:${(desk.address() as AddressInfo).port}`, missing });
  const eager = process.env["CELERITY_TEST_SERVICES"]?.split(",") ?? [];
  const first = names.filter(
    (name) => missing[name] === undefined && (eager.includes(name) || eager.includes("all")),
  );
  // A failed start is told to whoever asks for the server.
  await Promise.allSettled(first.map((name) => servers[name].start()));
  return async () => {
    desk.close();
    desk.closeAllConnections();
    await Promise.all(names.map((name) => servers[name].stop()));
  };
}

function findMissing(): Partial<Record<ServiceName, string>> {
  const missing = Object.fromEntries(
    names.filter((name) => programs[name].path === undefined).map((name) => [name, programs[name].debian]),
  );
  for (const [name, debian] of Object.entries(missing)) {
    console.error(`MISSING: ${name}. Its tests cannot run. On Debian: sudo apt-get install ${debian}`);
  }
  return missing;
}

/** `POST /redis` lends a place and answers its URL; `DELETE /redis` with that URL as the body takes it back. */
async function serve(servers: Servers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const server = servers[request.url?.slice(1) as ServiceName];
    const placeUrl = (await request.setEncoding("utf8").toArray()).join("");
    if (request.method === "DELETE") await server.takeBack(placeUrl);
    response.end(request.method === "POST" ? await server.lend() : "");
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}
