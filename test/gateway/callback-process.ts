/** A gateway in a process of its own, which prints its URL; for tests that kill it. */
import { createApp } from "../../app/index.ts";
import { createGateway } from "../../gateway/index.ts";

interface Settings {
  readonly brokerUrl: string;
  readonly resultBackend: string;
  readonly stateUrl: string;
  readonly port: number;
}

// The parent test writes it.
const { brokerUrl, resultBackend, stateUrl, port } = JSON.parse(process.argv[2] ?? "{}") as Settings;
const app = createApp({ env: {}, brokerUrl, resultBackend });
const gateway = createGateway({
  app,
  stateUrl,
  egress: { allowCidrs: ["127.0.0.0/8"], allowPorts: [port] },
  webhooks: {
    pollMs: 50,
    timeoutMs: 1000,
    firstLookSeconds: 0.5,
    maxLookSeconds: 1,
    scheduleSeconds: [0, 1, 1, 1, 1],
  },
});
const { url } = await gateway.listen({ port: 0 });
process.stdout.write(`${url}\n`);
