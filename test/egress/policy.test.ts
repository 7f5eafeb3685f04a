/** Which URLs strangers may have us call. */
import { describe, expect, test } from "vitest";
import { createEgress, ForbiddenUrlError } from "../../egress/index.ts";

const { check } = createEgress();

function ruleOf(url: string, egress = { check }): string {
  try {
    egress.check(url);
    return "";
  } catch (error) {
    if (!(error instanceof ForbiddenUrlError)) throw error;
    expect(error.code).toBe("url_forbidden");
    return error.rule;
  }
}

describe("a URL", () => {
  test.each([
    ["http://127.0.0.1/", "loopback"],
    ["http://127.1/", "loopback"],
    ["http://0x7f.1/", "loopback"],
    ["http://0177.0.0.1/", "loopback"],
    ["http://2130706433/", "loopback"],
    ["http://0x7f000001/", "loopback"],
    ["http://①②⑦.⓪.⓪.①/", "loopback"],
    ["http://127.0.0.1./", "loopback"],
    ["http://localhost/", "loopback"],
    ["http://LOCALHOST/", "loopback"],
    ["http://localhost./", "loopback"],
    ["http://%6cocalhost/", "loopback"],
    ["http://a.localhost/", "loopback"],
    ["http://[::1]/", "loopback"],
    ["http://[::ffff:7f00:1]/", "loopback"],
    ["http://[::ffff:127.0.0.1]/", "loopback"],
    ["http://0/", "this host"],
    ["http://0.0.0.0/", "this host"],
    ["http://[::]/", "this host"],
    ["http://[::7f00:1]/", "embedded IPv4"],
    ["http://[64:ff9b::7f00:1]/", "embedded IPv4"],
    ["http://[64:ff9b::808:808]/", "embedded IPv4"],
    ["http://[64:ff9b:1::1]/", "embedded IPv4"],
    ["http://[::ffff:0:7f00:1]/", "embedded IPv4"],
    ["http://10.0.0.1/", "private"],
    ["http://172.16.0.1/", "private"],
    ["http://172.31.255.255/", "private"],
    ["http://192.168.1.1/", "private"],
    ["http://[fc00::1]/", "private"],
    ["http://[fdff::1]/", "private"],
    ["http://[fec0::1]/", "private"],
    ["http://[::ffff:10.0.0.1]/", "private"],
    ["http://100.64.0.1/", "shared"],
    ["http://100.100.100.200/", "shared"],
    ["http://169.254.169.254/", "link-local"],
    ["http://[fe80::1]/", "link-local"],
    ["http://[febf::1]/", "link-local"],
    ["http://168.63.129.16/", "cloud metadata"],
    ["http://224.0.0.1/", "multicast"],
    ["http://[ff02::1]/", "multicast"],
    ["http://192.0.2.1/", "documentation"],
    ["http://198.51.100.1/", "documentation"],
    ["http://203.0.113.1/", "documentation"],
    ["http://[2001:db8::1]/", "documentation"],
    ["http://[3fff::1]/", "documentation"],
    ["http://198.18.0.1/", "benchmarking"],
    ["http://198.19.255.255/", "benchmarking"],
    ["http://192.0.0.1/", "reserved"],
    ["http://240.0.0.1/", "reserved"],
    ["http://255.255.255.255/", "reserved"],
    ["http://[100::1]/", "reserved"],
    ["http://[2001::1]/", "reserved"],
    ["http://[5f00::1]/", "reserved"],
    ["http://192.88.99.1/", "relay"],
    ["http://[2002:7f00:1::]/", "relay"],
    ["http://user@example.com/", "userinfo"],
    ["http://:secret@example.com/", "userinfo"],
    ["file:///etc/passwd", "scheme"],
    ["gopher://example.com/", "scheme"],
    ["ftp://example.com/", "scheme"],
    ["data:text/plain,hello", "scheme"],
    ["http://example.com:22/", "port"],
    ["https://example.com:6379/", "port"],
    ["http://example.com:0/", "port"],
    ["not a url", "syntax"],
    ["/relative", "syntax"],
    ["http://[fe80::1%25eth0]/", "syntax"],
    [`http://example.com/${"a".repeat(2048)}`, "length"],
  ])("%s is refused: %s", (url, rule) => {
    expect(ruleOf(url)).toBe(rule);
  });

  test.each([
    "https://example.com/",
    "http://example.com:80/path?query",
    "http://example.com:443/",
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://[2606:4700::1111]/",
    "https://[::ffff:8.8.8.8]/",
    "https://localhost.example.com/",
    "https://notlocalhost/",
  ])("%s may be called", (url) => {
    expect(ruleOf(url)).toBe("");
  });

  test("is refused with the rule and the setting that allows it", () => {
    expect(() => check("http://10.0.0.1/")).toThrow(/private.*"allowCidrs" or "allowHosts"/);
    expect(() => check("http://example.com:8080/")).toThrow(/8080.*"allowPorts"/);
  });
});

describe("settings", () => {
  test("allowCidrs opens a network in all its spellings, and nothing else", () => {
    const egress = createEgress({ allowCidrs: ["127.0.0.0/8", "fd00::/8"] });
    expect(ruleOf("http://127.1/", egress)).toBe("");
    expect(ruleOf("http://localhost/", egress)).toBe("");
    expect(ruleOf("http://[::ffff:127.0.0.1]/", egress)).toBe("");
    expect(ruleOf("http://[fd12::1]/", egress)).toBe("");
    expect(ruleOf("http://[::1]/", egress)).toBe("loopback");
    expect(ruleOf("http://10.0.0.1/", egress)).toBe("private");
  });

  test("allowHosts opens names", () => {
    const egress = createEgress({ allowHosts: ["LOCALHOST", "*.Internal", "10.0.0.1", "::1"] });
    expect(ruleOf("http://localhost./", egress)).toBe("");
    expect(ruleOf("http://10.0.0.1/", egress)).toBe("");
    expect(ruleOf("http://[::1]/", egress)).toBe("");
    expect(ruleOf("http://10.0.0.2/", egress)).toBe("private");
    expect(ruleOf("http://a.localhost/", egress)).toBe("loopback");
  });

  test("allowPorts opens ports", () => {
    const egress = createEgress({ allowPorts: [8080] });
    expect(ruleOf("http://example.com:8080/", egress)).toBe("");
    expect(ruleOf("http://example.com:8081/", egress)).toBe("port");
  });

  test.each([
    [{ allowCidrs: ["10.0.0.0"] }],
    [{ allowCidrs: ["10.0.0.0/33"] }],
    [{ allowCidrs: ["10.0.0.0/8/8"] }],
    [{ allowCidrs: ["10.0.0.0/"] }],
    [{ allowCidrs: ["example.com/8"] }],
    [{ allowHosts: ["http://example.com"] }],
    [{ allowHosts: ["*"] }],
    [{ allowHosts: ["a.*.com"] }],
    [{ allowHosts: ["example.com:8080"] }],
    [{ allowPorts: [0] }],
    [{ allowPorts: [65_536] }],
    [{ proxyUrl: "socks5://127.0.0.1" }],
    [{ proxyUrl: "127.0.0.1:8080" }],
  ])("%o is refused", (options) => {
    expect(() => createEgress(options)).toThrow(expect.objectContaining({ code: "bad_config" }));
  });
});
