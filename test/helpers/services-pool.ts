import { Redis } from "ioredis";
import { Client } from "pg";
import { postgresPlan, rabbitPlan, redisPlan, type ServiceName } from "./services-plans.ts";
import { rabbitApi } from "./services-rabbit-api.ts";
import { type ServerPlan, startServer, type TestServer } from "./services-server.ts";

/** How one shared server is started, and divided into places that tests have to themselves. */
interface Division {
  plan(): Promise<ServerPlan>;
  /** The URL of the place with this number, 1 and up. */
  place(serverUrl: string, number: number): string;
  /** Makes the place, empty. */
  create(serverUrl: string, number: number): Promise<void>;
  /** Forgets all that is in the place. */
  remove(serverUrl: string, number: number): Promise<void>;
}

const divisions: Readonly<Record<ServiceName, Division>> = {
  redis: {
    plan: redisPlan,
    place: (url, number) => `${url}/${number}`,
    create: async () => {},
    async remove(url, number) {
      const redis = new Redis(`${url}/${number}`);
      await redis.flushdb();
      redis.disconnect();
    },
  },
  rabbitmq: {
    plan: rabbitPlan,
    place: (url, number) => `${url}/t${number}`,
    async create(url, number) {
      await rabbitApi(url, "PUT", `vhosts/t${number}`);
      const everything = { configure: ".*", write: ".*", read: ".*" };
      await rabbitApi(url, "PUT", `permissions/t${number}/guest`, everything);
    },
    async remove(url, number) {
      await rabbitApi(url, "DELETE", `vhosts/t${number}`);
    },
  },
  postgres: {
    plan: postgresPlan,
    place: (url, number) => `${url}/t${number}`,
    create: (url, number) => query(url, `CREATE DATABASE t${number}`),
    remove: (url, number) => query(url, `DROP DATABASE t${number} WITH (FORCE)`),
  },
};

async function query(serverUrl: string, sql: string): Promise<void> {
  const client = new Client(`${serverUrl}/postgres`);
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** The shared server of one kind: started when first needed, its places lent to one test or test file at a time. */
export class SharedServer {
  readonly #division: Division;
  readonly #free: number[] = [];
  #places = 0;
  #server: Promise<TestServer> | undefined;

  constructor(name: ServiceName) {
    this.#division = divisions[name];
  }

  /** Starts the server, once however often it is called. */
  start(): Promise<TestServer> {
    this.#server ??= this.#division.plan().then(startServer);
    return this.#server;
  }

  /** Lends an empty place; resolves to its URL. */
  async lend(): Promise<string> {
    const { url } = await this.start();
    const number = this.#free.pop() ?? ++this.#places;
    await this.#division.create(url, number);
    return this.#division.place(url, number);
  }

  /** Takes a place back. */
  async takeBack(placeUrl: string): Promise<void> {
    const { url } = await this.start();
    const number = Number(/\d+$/.exec(placeUrl)?.[0]);
    await this.#division.remove(url, number);
    this.#free.push(number);
  }

  /** Ends the server if it was started. */
  async stop(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    await server?.stop();
  }
}
