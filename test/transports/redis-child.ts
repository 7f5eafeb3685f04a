// A process of its own on a shared queue, for redis-processes.test.ts: `redis-child.ts mode url queue leaseMs [ledger]`.
import { appendFileSync } from "node:fs";
import { parseRedisUrl } from "../../stores/redis.ts";
import { readLayout } from "../../transports/redis/layout.ts";
import { ClaimLedger } from "../../transports/redis/ledger.ts";
import { openRedisStore } from "../../transports/redis/store.ts";

const [mode, url = "", queue = "", leaseMs = "", ledger = ""] = process.argv.slice(2);
const target = parseRedisUrl(url);
const store = await openRedisStore({
  target,
  layout: readLayout({ leaseMs: Number(leaseMs) }, target.database),
  ledger: new ClaimLedger(),
  bindings: new Map(),
  onWarning: console.error,
  timeoutMs: 5000,
});

if (mode === "hold") {
  const held = await store.take([queue], 3);
  process.on("SIGUSR2", () => {
    const tags = held.map(({ tag }) => tag);
    void store.settle(tags, []).then(() => console.log("settled"));
  });
  console.log(`holding ${held.length}`);
} else {
  // Two claims under way at all times, and acknowledgements behind them: a kill finds something everywhere.
  const work = async (): Promise<void> => {
    for (;;) {
      const messages = await store.take([queue], 40);
      for (const { payload } of messages) appendFileSync(ledger, `${JSON.parse(payload).body}\n`);
      void store.settle(
        messages.map(({ tag }) => tag),
        [],
      );
      if (messages.length === 0) await store.waitForMessages([queue], new AbortController().signal);
    }
  };
  console.log("working");
  await Promise.all([work(), work()]);
}
