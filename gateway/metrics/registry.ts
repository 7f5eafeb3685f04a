/** The page for Prometheus, written by prom-client, which is loaded when somebody asks for it. */
import type { Metric } from "prom-client";
import type { GatewayContext } from "../context.ts";
import type { Family } from "./family.ts";
import { flowerFamilies } from "./flower-families.ts";
import { gatewayFamilies } from "./gateway-families.ts";

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

type Read = () => Promise<MetricsPage>;

/** One registry for each gateway: there may be several in a process. */
export function createMetricsPage(gateway: () => GatewayContext): Read {
  let registry: Promise<Read> | undefined;
  return async () => {
    registry ??= open(gateway());
    return (await registry)();
  };
}

async function open(gateway: GatewayContext): Promise<Read> {
  const { Registry, collectDefaultMetrics } = await import("prom-client");
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const family of [...gatewayFamilies(gateway), ...flowerFamilies(gateway.fleet.facts)])
    registry.registerMetric(toMetric(family));
  return async () => ({ contentType: registry.contentType, text: await registry.metrics() });
}

/** What a registry asks of a metric when it prints it, which is less than prom-client's types say. */
function toMetric({ name, help, type, read }: Family): Metric {
  const metric = {
    name,
    get: async () => ({
      name,
      help,
      type,
      aggregator: "sum",
      values: (await read()).map(({ labels = {}, value, suffix }) => ({
        labels,
        value,
        ...(suffix === undefined ? {} : { metricName: name + suffix }),
      })),
    }),
  };
  return metric as unknown as Metric;
}
