import { randomUUID } from "node:crypto";
import createMemoryTransport, { openMemoryStore } from "../../transports/memory.ts";
import { testQueueStore } from "../contract/queue-store.ts";
import { testTransport } from "../contract/transport.ts";

testQueueStore("memory", async () => {
  const url = `memory://${randomUUID()}`;
  return { open: async () => openMemoryStore(url) };
});

testTransport("memory", async () =>
  createMemoryTransport({
    url: `memory://${randomUUID()}`,
    transportOptions: {},
    onWarning: () => undefined,
  }),
);
