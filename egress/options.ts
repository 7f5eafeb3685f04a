/** What a caller of {@link createEgress} may set. Everything that opens the guard is off unless named here. */

/** One answer of a name service. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a name. Rejects when there is no answer. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export type EgressMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/** What opens the guard. */
export interface EgressPolicyOptions {
  /** Networks that may be called although they are not public, such as `10.1.0.0/16`. */
  readonly allowCidrs?: readonly string[];
  /** Names whose addresses are not judged, such as `hooks.internal`; `*.internal` stands for all names below. */
  readonly allowHosts?: readonly string[];
  /** Ports beside 80 and 443. */
  readonly allowPorts?: readonly number[];
}

export interface EgressOptions extends EgressPolicyOptions {
  /** A proxy that all calls go through. It resolves names itself, so that it must judge their addresses. */
  readonly proxyUrl?: string;
  /** Certificates to trust instead of Node's, in PEM. */
  readonly ca?: string | Buffer;
  readonly userAgent?: string;
  /** Time for a whole call in milliseconds, from the lookup to the last byte; default 10,000. */
  readonly timeoutMs?: number;
  /** Time for one connection in milliseconds; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Most bytes of an answer's body that are kept; default 65,536. */
  readonly maxBytes?: number;
  /** Open connections per host; more calls wait, which counts as part of their time. Default 32. */
  readonly connectionsPerHost?: number;
  /** Default: the system's resolver, with `/etc/hosts`. */
  readonly lookup?: Lookup;
}
