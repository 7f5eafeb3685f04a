import { randomUUID } from "node:crypto";
import { testQueueStore } from "../../testing/queue-store.ts";
import { testTransport } from "../../testing/transport.ts";
import createMemoryTransport, { openMemoryStore } from "../../transports/memory.ts";

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
