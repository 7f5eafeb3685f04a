/** Where clients are tried: a gateway that asks for keys, a worker, and servers between that make trouble. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGateway } from "../../gateway/index.ts";
import { createWorker } from "../../worker/index.ts";
import { SCENARIO } from "./compare.ts";
import { exampleApp } from "./example-tasks.ts";
import { busy, cut, down, Followers, listen, type Seen } from "./front.ts";
import { makeWebhooks } from "./webhooks.ts";

export interface ClientsPlace {
  /** What a client's programs are told: CELERITY_URL and the others. The webhooks are good for the next minutes. */
  environment(): Promise<Readonly<Record<string, string>>>;
  /** The requests that came to the servers that make trouble, since it was asked last. */
  takeSeen(): readonly Seen[];
  close(): Promise<void>;
}

export async function openPlace(): Promise<ClientsPlace> {
  const followers = new Followers();
  const app = exampleApp((taskId) => followers.has(taskId));
  const worker = createWorker({ app, concurrency: 4 });
  const gateway = createGateway({ app, access: { failuresPerMinute: 0 } });
  await Promise.all([worker.start(), gateway.start()]);
  const made = await gateway.apiKeys?.create({ name: "clients", policy: { scopes: ["admin"], read: "all" } });
  if (made === undefined) throw new Error("The gateway has no API keys.");

  const front = await listen((req, res) => {
    followers.watch(req, res);
    gateway.handler(req, res);
  });
  const seen: Seen[] = [];
  const troubles = await Promise.all([
    listen(busy(front.url, seen)),
    listen(cut(front.url, seen)),
    listen(down(seen)),
  ]);
  const [urlBusy, urlCut, urlDown] = troubles.map(({ url }) => url);
  const folder = await mkdtemp(join(tmpdir(), "celerity-clients-"));
  return {
    async environment() {
      const webhooks = join(folder, "webhooks.json");
      await writeFile(webhooks, JSON.stringify(makeWebhooks()));
      return {
        CELERITY_URL: front.url,
        CELERITY_API_KEY: made.key ?? "",
        SCENARIO,
        WEBHOOKS: webhooks,
        URL_BUSY: urlBusy ?? "",
        URL_CUT: urlCut ?? "",
        URL_DOWN: urlDown ?? "",
      };
    },
    takeSeen: () => seen.splice(0),
    async close() {
      await Promise.all([...troubles, front].map((server) => server.close()));
      await gateway.close();
      await worker.stop();
      await app.close();
      await rm(folder, { recursive: true });
    },
  };
}
