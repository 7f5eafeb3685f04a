import { join } from "node:path";
import { inject, TestRunner } from "vitest";
import { cleanUp } from "../../testing/clean-up.ts";
import { postgresPlan, rabbitPlan, redisPlan, type ServiceName } from "./services-plans.ts";
import { makeFolder, removeFolder } from "./services-process.ts";
import { type ServerPlan, startServer, type TestServer } from "./services-server.ts";

// Vitest's main process was interrupted: nobody waits for our results, and all that we started ends with us.
process.once("disconnect", () => process.exit(1));

export { cleanUp } from "../../testing/clean-up.ts";
export { freePorts, makeFolder, removeFolder } from "./services-process.ts";
export { rabbitApi } from "./services-rabbit-api.ts";
export type { TestServer } from "./services-server.ts";

// Everything here ends by itself with the test that asked for it, or with the file when it was asked for in `beforeAll`.
// Close your own connections first; hooks and `onTestFinished` of the test run before ours.

/** An empty database of the shared Redis: `redis://127.0.0.1:port/number`. Pub/sub is not divided by database. */
export function redisUrl(): Promise<string> {
  return borrow("redis");
}

/** An empty virtual host of the shared RabbitMQ: `amqp://guest:guest@127.0.0.1:port/name`. */
export function amqpUrl(): Promise<string> {
  return borrow("rabbitmq");
}

/** An empty database of the shared PostgreSQL: `postgresql://postgres@127.0.0.1:port/name`. */
export function postgresUrl(): Promise<string> {
  return borrow("postgres");
}

/** A path for a SQLite database that does not exist yet, in a folder of its own. */
export async function sqliteFile(): Promise<string> {
  return join(await temporaryFolder(), "celerity.sqlite");
}

/** An empty folder. */
export async function temporaryFolder(): Promise<string> {
  const folder = await makeFolder("test");
  cleanUp(() => removeFolder(folder));
  return folder;
}

/** A Redis of the caller's own that keeps its data through a kill -9. `args` are added to its command line. */
export function startRedis(args: readonly string[] = []): Promise<TestServer> {
  return own("redis", () => redisPlan(["--appendonly", "yes", ...args]));
}

/** A RabbitMQ of the caller's own; it takes about 8 s. `config` are added to rabbitmq.conf, one line each. */
export function startRabbit(config: readonly string[] = []): Promise<TestServer> {
  return own("rabbitmq", () => rabbitPlan(config));
}

/** A PostgreSQL of the caller's own; its URL names no database, `postgres` exists. */
export function startPostgres(): Promise<TestServer> {
  return own("postgres", postgresPlan);
}

/**
 * Whether a server is not installed, for `describe.skipIf(serviceMissing("rabbitmq"))`. Inside a test none of the above
 * needs it: they skip the test. In CI it is always false, so that the tests run and fail with what to install.
 */
export function serviceMissing(...names: readonly ServiceName[]): boolean {
  return !process.env["CI"] && names.some((name) => inject("services").missing[name] !== undefined);
}

async function own(name: ServiceName, plan: () => Promise<ServerPlan>): Promise<TestServer> {
  requireInstalled(name);
  const server = await startServer(await plan());
  cleanUp(() => server.stop());
  return server;
}

async function borrow(name: ServiceName): Promise<string> {
  requireInstalled(name);
  const url = await ask(name, "POST");
  cleanUp(async () => {
    await ask(name, "DELETE", url);
  });
  return url;
}

async function ask(name: ServiceName, method: "POST" | "DELETE", body = ""): Promise<string> {
  const answer = await fetch(`${inject("services").url}/${name}`, { method, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The shared ${name} failed: ${text}`);
  return text;
}

function requireInstalled(name: ServiceName): void {
  if (inject("services") === undefined) {
    throw new Error(
      "This test needs servers: put it in a live folder of vitest.config.ts or name it *.live.test.ts",
    );
  }
  const debian = inject("services").missing[name];
  if (debian === undefined) return;
  const message = `${name} is not installed. On Debian: sudo apt-get install ${debian}`;
  if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
  throw new Error(message);
}
