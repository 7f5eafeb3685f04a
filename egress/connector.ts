/**
 * Connections that reach checked addresses only. A name is resolved once, all its answers are judged, and the socket connects
 * to those very answers: what the name resolves to a moment later does not matter.
 */
import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { toError } from "../protocol/index.ts";
import type { Lookup, ResolvedAddress } from "./options.ts";
import type { UrlPolicy } from "./url-policy.ts";

/** How long one of several addresses is tried before the next one is as well. */
const NEXT_ADDRESS_MS = 1000;

export interface ConnectorOptions {
  readonly policy: UrlPolicy;
  readonly connectTimeoutMs: number;
  readonly lookup?: Lookup | undefined;
  readonly ca?: string | Buffer | undefined;
}

/** A name that has no address, or whose name server does not answer. */
export class LookupError extends Error {
  constructor(hostname: string, cause?: unknown) {
    super(`The name "${hostname}" cannot be resolved.`, { cause });
  }
}

/** For undici's `connect`. */
export function createGuardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { policy, connectTimeoutMs, ca, lookup = resolveBySystem } = options;
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    lookup: guardedLookup(policy, lookup),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    ...(ca === undefined ? {} : { ca }),
  });
  return (target, callback) => {
    try {
      // Node asks no lookup for a host that is an address.
      if (isIP(target.hostname) !== 0) policy.checkAddress(target.hostname, target.hostname);
    } catch (error) {
      return callback(toError(error), null);
    }
    connect(target, callback);
  };
}

function guardedLookup(policy: UrlPolicy, lookup: Lookup): LookupFunction {
  return (hostname, { all }, callback) => {
    resolveChecked(policy, lookup, hostname).then(
      (found) => {
        if (all) callback(null, [...found]);
        else callback(null, found[0].address, found[0].family);
      },
      (error: unknown) => callback(toError(error), ""),
    );
  };
}

type Found = readonly [ResolvedAddress, ...ResolvedAddress[]];

/** One forbidden answer among good ones refuses all: which one is connected to would be the name server's choice. */
async function resolveChecked(policy: UrlPolicy, lookup: Lookup, hostname: string): Promise<Found> {
  const found = await lookup(hostname).catch((error: unknown) => {
    throw new LookupError(hostname, error);
  });
  for (const { address } of found) policy.checkAddress(hostname, address);
  const [first, ...others] = found;
  if (first === undefined) throw new LookupError(hostname);
  return [first, ...others];
}

async function resolveBySystem(hostname: string): Promise<ResolvedAddress[]> {
  const found = await systemLookup(hostname, { all: true, verbatim: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
