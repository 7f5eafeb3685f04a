// A worker in a process of its own, for delayed.live.test.ts: `delayed-child.ts broker ledger etaLimit parkAfter`. Each task
// writes its name and whether it was redelivered; twice a second the worker prints what it holds.
import { appendFileSync } from "node:fs";
import { createApp } from "../../app/index.ts";
import { createWorker } from "../../worker/index.ts";

const [brokerUrl = "", ledger = "", etaLimit = "", parkAfter = ""] = process.argv.slice(2);
const app = createApp({
  env: {},
  brokerUrl,
  workerEtaTaskLimit: Number(etaLimit),
  workerEtaParkAfter: Number(parkAfter),
  onWarning: console.error,
});
app.task("note", { bind: true }, async (self, name: string) => {
  const { etaMs = 0, deliveryInfo } = self.request;
  const early = Date.now() < etaMs ? " early" : "";
  appendFileSync(ledger, `${name}${deliveryInfo.redelivered ? " redelivered" : ""}${early}\n`);
});
const worker = createWorker({ app, mingle: false });
await worker.start();
console.log("ready");
setInterval(() => {
  console.log(`held ${worker.jobs.scheduled.length}`);
}, 500);
