// A process of its own on a shared queue, for sql-processes.test.ts: `sql-child.ts mode url queue [ledger]`.
import { appendFileSync } from "node:fs";
import { openSqlStore } from "../../transports/sql.ts";

const [mode, url = "", queue = "", ledger = ""] = process.argv.slice(2);
const leaseMs = mode === "hammer" ? 15_000 : 1000;
const store = await openSqlStore({ url, transportOptions: { leaseMs }, onWarning: console.error });
void store.ended.then((error) => console.log(`ended ${error?.message}`));
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

if (mode === "hold") {
  await store.waitForMessages([queue], stop.signal);
  const held = await store.take([queue], 3);
  process.on("SIGUSR2", () => {
    const tags = held.map(({ tag }) => tag);
    void store.settle(tags, []).then(() => console.log("settled"));
  });
  console.log(`holding ${held.length}`);
  const awake = setInterval(() => undefined, 1000);
  await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
  clearInterval(awake);
} else {
  // Puts messages of its own and works off those of everybody, a line in the ledger for each.
  for (let batch = 0; batch < 10; batch += 1) {
    const bodies = Array.from({ length: 20 }, (_, at) => `node-${process.pid}-${batch * 20 + at}`);
    await store.put(
      bodies.map((body) => ({
        queue,
        payload: JSON.stringify({
          body: Buffer.from(body).toString("base64"),
          "content-type": "text/plain",
          "content-encoding": "utf-8",
          headers: {},
          properties: {
            body_encoding: "base64",
            delivery_tag: body,
            delivery_info: { exchange: "", routing_key: queue },
          },
        }),
        priority: 0,
      })),
    );
    await workOff(7);
  }
  console.log("put");
  while (!stop.signal.aborted) {
    await store.waitForMessages([queue], stop.signal);
    await workOff(7);
  }
}
await store.close();

async function workOff(max: number): Promise<void> {
  const messages = await store.take([queue], max);
  for (const { payload } of messages) {
    appendFileSync(ledger, `${Buffer.from(JSON.parse(payload).body, "base64")}\n`);
  }
  const tags = messages.map(({ tag }) => tag);
  await store.settle(tags, []);
}
