import { splitBrokerUrls } from "../../transports/index.ts";
import type { Worker } from "../worker.ts";

/** Can there be other workers, and can one talk to them? A broker in memory has this process alone. */
export function isInCompany(worker: Worker): boolean {
  const { capabilities } = worker.requireParts().connection;
  const [first = ""] = splitBrokerUrls(worker.app.settings.brokerReadUrl ?? worker.app.settings.brokerUrl);
  return capabilities.exchangeTypes.includes("fanout") && !first.startsWith("memory");
}
