/**
 * Which addresses strangers may have us call: public ones. Everything that IANA's registries of special-purpose addresses
 * keep for something else is refused, and so are forms of IPv6 that carry an IPv4 address.
 */
import { BlockList, isIP } from "node:net";
import { ConfigurationError } from "../protocol/index.ts";

/** Networks by what they are. `BlockList` judges IPv4-mapped addresses (::ffff:0:0/96) as IPv4. */
const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  "this host": ["0.0.0.0/8", "::/128"],
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"],
  shared: ["100.64.0.0/10"],
  "link-local": ["169.254.0.0/16", "fe80::/10"],
  "cloud metadata": ["168.63.129.16/32"],
  multicast: ["224.0.0.0/4", "ff00::/8"],
  documentation: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
  benchmarking: ["198.18.0.0/15"],
  reserved: ["192.0.0.0/24", "240.0.0.0/4", "100::/64", "2001::/23", "5f00::/16"],
  relay: ["192.88.99.0/24", "2002::/16"],
  "embedded IPv4": ["::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"],
};

const RULES: readonly (readonly [rule: string, list: BlockList])[] = Object.entries(NOT_PUBLIC).map(
  ([rule, cidrs]) => [rule, blockList(cidrs)],
);

export interface AddressPolicy {
  /** What is wrong with calling an address; undefined when nothing is. */
  ruleAgainst(address: string): string | undefined;
}

/** `allowCidrs` may be called although they are not public. Throws a ConfigurationError for a network it cannot read. */
export function createAddressPolicy(allowCidrs: readonly string[]): AddressPolicy {
  const allowed = blockList(allowCidrs);
  return {
    ruleAgainst(address) {
      // BlockList knows no address with a zone, and would let it pass.
      const bare = address.split("%", 1)[0] ?? "";
      const version = isIP(bare);
      if (version === 0) return "unreadable";
      const family = version === 4 ? "ipv4" : "ipv6";
      if (allowed.check(bare, family)) return undefined;
      return RULES.find(([, list]) => list.check(bare, family))?.[0];
    },
  };
}

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", prefix = "", rest] = cidr.split("/");
    const version = isIP(network);
    const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (version === 0 || !(length <= (version === 4 ? 32 : 128)) || rest !== undefined) {
      throw new ConfigurationError(
        `"allowCidrs" holds networks such as 10.1.0.0/16 or fd00::/8; it cannot read "${cidr}".`,
      );
    }
    list.addSubnet(network, length, version === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
