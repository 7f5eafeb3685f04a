/** What the Redis servers of an app may forget, as they are set now. */
import { brokerRisks, splitBrokerUrls } from "../transports/index.ts";
import { brokerOptions } from "./broker-options.ts";
import type { Settings } from "./settings.ts";

/** A sentence for each setting, of the brokers and of `more` URLs; none of servers that are no Redis, are away, or do not tell. */
export async function risksOfBrokers(
  settings: Settings,
  ...more: readonly string[]
): Promise<readonly string[]> {
  const urls = [...new Set([...splitBrokerUrls(settings.brokerUrl), ...more])];
  const answers = await Promise.allSettled(
    urls.map((url) => brokerRisks({ url, transportOptions: brokerOptions(settings, url) })),
  );
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}
