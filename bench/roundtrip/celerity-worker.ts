/** Celerity's worker at the other end of a round trip. */
import { createApp, createWorker } from "../../index.ts";
import { readInput, reportReady, untilStopped } from "../lib/child.ts";
import type { RoundtripInput } from "./bench.ts";

const { broker, results } = readInput<RoundtripInput>();
const app = createApp({ env: {}, brokerUrl: broker, resultBackend: results });
app.task("tasks.add", (x: number, y: number) => x + y);

const worker = createWorker({ app });
await worker.start();
reportReady();
await untilStopped();
await worker.stop();
await app.close();
