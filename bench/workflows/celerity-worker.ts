/** Celerity's worker for workflows. */
import { createApp, createWorker } from "../../index.ts";
import { readInput, reportReady, untilStopped } from "../lib/child.ts";
import type { WorkflowInput } from "./bench.ts";

const { broker, results } = readInput<WorkflowInput>();
const app = createApp({ env: {}, brokerUrl: broker, resultBackend: results });
app.task("tasks.add", (x: number, y: number) => x + y);
app.task("tasks.sum", (values: number[]) => values.reduce((sum, value) => sum + value, 0));

const worker = createWorker({ app });
await worker.start();
reportReady();
await untilStopped();
await worker.stop();
await app.close();
