/** Celerity's adapter with a fault planted: the one that the variable CONF_MUTANT names at the moment. */

import { App } from "../../../app/app.ts";
import type { ResultBackend } from "../../../backends/index.ts";
import { pushText, RESULT_KEY } from "../../../conformance/rig/raw-redis.ts";
import type { PlainObject } from "../../../protocol/index.ts";
import { openRedis, parseRedisUrl } from "../../../stores/redis.ts";
import type { Connection, Consumer, Delivery } from "../../../transports/index.ts";
import {
  isOwnWrite,
  isTask,
  type LiveMutant,
  MUTANT_VARIABLE,
  type OwnWrite,
  proxied,
} from "./live-mutant.ts";
import { MUTANTS_BY_NAME } from "./live-mutants.ts";

function planted(): Partial<LiveMutant> {
  return MUTANTS_BY_NAME.get(process.env[MUTANT_VARIABLE] ?? "") ?? {};
}

/** The delivery as the fault has it; none: it is taken and forgotten. */
function seen(delivery: Delivery): readonly Delivery[] {
  const { delivered, handled } = planted();
  if (delivery.message === undefined) return [delivery];
  if (handled !== undefined && isTask(delivery.message)) return handled(delivery);
  if (delivered === undefined) return [delivery];
  const message = delivered(delivery.message);
  if (message !== undefined) return [proxied(delivery, { message })];
  delivery.ack();
  return [];
}

function plantInConsumer(consumer: Consumer): Consumer {
  return {
    setPrefetch: (count) => consumer.setPrefetch(count),
    close: () => consumer.close(),
    async *[Symbol.asyncIterator]() {
      for await (const deliveries of consumer) yield deliveries.flatMap(seen);
    },
  };
}

function plantInConnection<Given extends Connection>(connection: Given, brokerUrl: string): Given {
  const publish = connection.publish.bind(connection);
  const consume = connection.consume.bind(connection);
  return Object.assign(connection, {
    publish: async (...[message, route]: Parameters<Connection["publish"]>) => {
      const sent = planted().published?.(message, route) ?? [{ message, route }];
      for (const one of sent) {
        if ("envelope" in one) await pushText(brokerUrl, one.queue, one.envelope);
        else await publish(one.message, one.route);
      }
    },
    consume: (...given: Parameters<Connection["consume"]>) => plantInConsumer(consume(...given)),
  });
}

const { openConnection, backend } = App.prototype;

App.prototype.openConnection = async function (options) {
  return plantInConnection(await openConnection.call(this, options), String(this.settings.brokerUrl));
};

const done = new WeakSet<ResultBackend>();

App.prototype.backend = async function () {
  const opened = await backend.call(this);
  if (done.has(opened)) return opened;
  done.add(opened);
  const store = opened.store.bind(opened);
  return Object.assign(opened, {
    store: async (entries: Parameters<ResultBackend["store"]>[0]) => {
      const { stored } = planted();
      if (stored === undefined) return await store(entries);
      for (const entry of entries) {
        const document = stored(entry.document);
        if (document === undefined) continue;
        if (isOwnWrite(document)) await write(document, this.settings.resultBackend ?? "");
        else await store([{ ...entry, document }]);
      }
    },
  });
};

async function write({ write: how, document }: OwnWrite, url: string): Promise<void> {
  const { client } = await openRedis(parseRedisUrl(url), { timeoutMs: 5000, role: "backend" });
  const key = RESULT_KEY + document.task_id;
  const text = JSON.stringify(document);
  if (how === "kept for ever") await client.set(key, text);
  else await client.setex(key, 3600, text);
  if (how !== "untold") await client.publish(key, text);
  client.disconnect();
}

const writeOut = process.stdout.write.bind(process.stdout);

process.stdout.write = (line: string | Uint8Array) => {
  const { answered } = planted();
  const answer = JSON.parse(String(line)) as PlainObject;
  return writeOut(`${JSON.stringify(answered?.(answer) ?? answer)}\n`);
};

await import("../../../conformance/adapters/celerity/adapter.ts");
