/**
 * Who may talk to a gateway that asks nobody to log in. On loopback every web page that runs on this machine could reach it
 * through the browser: by its address from another origin, or by a name of the page's own that resolves to 127.0.0.1.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { Problem } from "./problems.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** True for addresses and names that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (bare === "localhost") return true;
  const family = isIP(bare);
  return family !== 0 && loopback.check(bare, family === 6 ? "ipv6" : "ipv4");
}

/** Host headers that were judged before; callers use few. */
const MAX_KNOWN = 100;

/** The check for requests on a loopback address: the problem, or undefined when all is well. */
export function createLoopbackGuard(): (req: IncomingMessage) => Problem | undefined {
  const known = new Set<string>();
  return ({ headers: { host, origin } }) => {
    if (host !== undefined && !known.has(host)) {
      if (!isLoopback(hostname(host))) return new Problem("misdirected-request");
      if (known.size < MAX_KNOWN) known.add(host);
    }
    return origin === undefined || isSameOrigin(origin, host) ? undefined : new Problem("forbidden-origin");
  };
}

/** True for a request from a page of the gateway's own. */
export function isSameOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

function hostname(host: string): string {
  const port = host.lastIndexOf(":");
  return port > host.lastIndexOf("]") ? host.slice(0, port) : host;
}
