/** Which URLs strangers may have us call, as far as that shows without asking a name server. */
import { isIP } from "node:net";
import { CelerityError, ConfigurationError } from "../protocol/index.ts";
import { type AddressPolicy, createAddressPolicy } from "./address-policy.ts";
import type { EgressPolicyOptions } from "./options.ts";

const MAX_URL_LENGTH = 2048;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
/** Names that mean this machine without any name server; RFC 6761, section 6.3. */
const LOCAL_NAME = /(?:^|\.)localhost$/;

/** A URL that may not be called; `rule` says what is wrong with it. */
export class ForbiddenUrlError extends CelerityError {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super("url_forbidden", message);
    this.rule = rule;
  }
}

export interface UrlPolicy {
  /** The URL, read. Throws a {@link ForbiddenUrlError}. */
  check(url: string | URL): URL;
  /** Throws a {@link ForbiddenUrlError} when `hostname` may not be called at `address`. */
  checkAddress(hostname: string, address: string): void;
}

/** Throws a ConfigurationError for options that cannot be read. */
export function createUrlPolicy(options: EgressPolicyOptions): UrlPolicy {
  const addresses = createAddressPolicy(options.allowCidrs ?? []);
  const isAllowedHost = hostMatcher(options.allowHosts ?? []);
  const ports = new Set([...Object.values(DEFAULT_PORTS), ...(options.allowPorts ?? []).map(readPort)]);

  const checkAddress = (hostname: string, address: string): void => {
    if (isAllowedHost(plainHost(hostname))) return;
    refuseAddress(addresses, hostname, address);
  };
  return {
    checkAddress,
    check(given) {
      const url = readUrl(given);
      const { protocol, port } = url;
      const defaultPort = DEFAULT_PORTS[protocol];
      if (defaultPort === undefined)
        throw forbidden("scheme", `has the scheme "${protocol}"; only http and https are called`);
      if (url.username !== "" || url.password !== "")
        throw forbidden(
          "userinfo",
          "has a user name or password in it; send an Authorization header instead",
        );
      if (!ports.has(port === "" ? defaultPort : Number(port)))
        throw forbidden(
          "port",
          `has the port ${port}; the setting "allowPorts" allows others than 80 and 443`,
        );
      const host = plainHost(url.hostname);
      if (isIP(host) !== 0) checkAddress(host, host);
      else if (LOCAL_NAME.test(host) && !isAllowedHost(host)) refuseAddress(addresses, host, "127.0.0.1");
      return url;
    },
  };
}

/** A host as it is compared: without brackets and without the dot that ends a full name. */
function plainHost(hostname: string): string {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return (hostname.endsWith(".") ? hostname.slice(0, -1) : hostname).toLowerCase();
}

/** The address itself is not told: it may be one that only our name server knows. */
function refuseAddress(addresses: AddressPolicy, hostname: string, address: string): void {
  const rule = addresses.ruleAgainst(address);
  if (rule === undefined) return;
  throw forbidden(
    rule,
    `names "${hostname}", which is not a public address (${rule}); "allowCidrs" or "allowHosts" allow such ones`,
  );
}

function readUrl(given: string | URL): URL {
  const text = String(given);
  if (text.length > MAX_URL_LENGTH) throw forbidden("length", `is longer than ${MAX_URL_LENGTH} characters`);
  if (!URL.canParse(text)) throw forbidden("syntax", "cannot be read");
  return new URL(text);
}

function hostMatcher(patterns: readonly string[]): (host: string) => boolean {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const pattern of patterns) {
    const host = plainHost(pattern);
    if (host.startsWith("*.") && host.length > 2) suffixes.push(host.slice(1));
    else if (host !== "" && !/[*/:]/.test(isIP(host) === 6 ? "" : host)) exact.add(host);
    else
      throw new ConfigurationError(
        `"allowHosts" holds names such as hooks.internal or *.internal; it cannot read "${pattern}".`,
      );
  }
  return (host) => exact.has(host) || suffixes.some((suffix) => host.endsWith(suffix));
}

function readPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new ConfigurationError(`"allowPorts" holds numbers from 1 to 65535, not ${port}.`);
}

function forbidden(rule: string, what: string): ForbiddenUrlError {
  return new ForbiddenUrlError(rule, `This URL may not be called: it ${what}.`);
}
