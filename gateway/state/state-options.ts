/** Where the options of a gateway say that its state lies. */
import type { GatewayOptions } from "../options.ts";
import type { StateOptions } from "./open-state.ts";

/** A place that is also the broker's or the result store's is spoken to as that is, unless told otherwise. */
export function stateOptionsOf({
  app: { settings },
  stateUrl,
  stateTransportOptions,
}: GatewayOptions): Omit<StateOptions, "onWarning"> {
  if (stateUrl === undefined) return {};
  const { brokerUrl, brokerTransportOptions, resultBackend, resultBackendTransportOptions } = settings;
  const own = stateUrl === resultBackend ? resultBackendTransportOptions : {};
  const transportOptions = stateUrl === brokerUrl ? brokerTransportOptions : own;
  return { url: stateUrl, transportOptions: stateTransportOptions ?? transportOptions };
}
