import { describe, expect, test } from "vitest";
import { parseRedisUrl } from "../../stores/redis.ts";

const sentinel = { masterName: "mymaster" };

describe("Redis URLs", () => {
  test.for([
    ["redis://", { host: "127.0.0.1", port: 6379, db: 0 }],
    ["redis://localhost", { host: "localhost", port: 6379, db: 0 }],
    ["redis://h:7000/3", { host: "h", port: 7000, db: 3 }],
    ["redis://h//", { host: "h", port: 6379, db: 0 }],
    ["redis://my_host/1", { host: "my_host", port: 6379, db: 1 }],
    ["redis://[::1]:7000/2", { host: "::1", port: 7000, db: 2 }],
    ["redis:///4", { host: "127.0.0.1", port: 6379, db: 4 }],
    ["redis://:pw@/5", { host: "127.0.0.1", port: 6379, db: 5, password: "pw" }],
    ["redis://:p%40s%2Fs%3A@h", { host: "h", port: 6379, db: 0, password: "p@s/s:" }],
    ["redis://us%65r:a:b@h", { host: "h", port: 6379, db: 0, username: "user", password: "a:b" }],
    ["redis://:100%@h", { host: "h", port: 6379, db: 0, password: "100%" }],
    ["redis://h/1?virtual_host=7", { host: "h", port: 6379, db: 7 }],
    [
      "redis://h?socket_timeout=2.5&client_name=me",
      { host: "h", port: 6379, db: 0, socketTimeout: 2500, connectionName: "me" },
    ],
    ["redis+socket:///run/redis.sock?virtual_host=2", { path: "/run/redis.sock", db: 2 }],
    ["socket://:pw@/run/redis%20.sock", { path: "/run/redis .sock", db: 0, password: "pw" }],
  ] as const)("%s", ([url, expected]) => {
    expect(parseRedisUrl(url).options).toEqual(expected);
    expect(parseRedisUrl(url).database).toBe(expected.db);
  });

  test("a sentinel list is one place", () => {
    const target = parseRedisUrl("sentinel://:pw@a;sentinel://b:1/3;sentinel://c", {
      ...sentinel,
      sentinelKwargs: { password: "spw" },
      socketTimeout: 1,
    });
    expect(target.options).toEqual({
      sentinels: [
        { host: "a", port: 26379 },
        { host: "b", port: 1 },
        { host: "c", port: 26379 },
      ],
      name: "mymaster",
      db: 3,
      password: "pw",
      sentinelPassword: "spw",
      socketTimeout: 1000,
    });
    expect(target.description).toBe("mymaster@a:26379,b:1,c:26379/3");
  });

  test.for([
    ["rediss://h", true],
    ["rediss://h?ssl_cert_reqs=required", true],
    ["rediss://h?ssl_cert_reqs=CERT_OPTIONAL", true],
    ["rediss://h?ssl_cert_reqs=CERT_NONE", false],
    ["rediss://h?ssl_cert_reqs=none", false],
  ] as const)("%s checks the certificate: %s", ([url, rejectUnauthorized]) => {
    expect(parseRedisUrl(url).options.tls).toEqual({ servername: "h", rejectUnauthorized });
  });

  test("broker_use_ssl turns TLS on, and the URL beats it", () => {
    const ssl = { ssl_cert_reqs: "none", sslCheckHostname: false };
    const { tls } = parseRedisUrl("redis://h?ssl_cert_reqs=required", { ssl }).options;
    expect(tls).toMatchObject({ rejectUnauthorized: true, checkServerIdentity: expect.any(Function) });
  });

  test.for([
    ["redis://:secret@h/zero", 'not "zero"'],
    ["redis://:secret@h:port/0", "host or host:port"],
    ["amqp://:secret@h", "not amqp://"],
    ["secret", "not a Redis URL"],
    ["rediss://:secret@h?ssl_cert_reqs=maybe", 'not "maybe"'],
    ["rediss://:secret@h?ssl_ca_certs=/does/not/exist", "/does/not/exist"],
    ["sentinel://:secret@h", "masterName"],
  ] as const)("%s is refused, without its password", ([url, reason]) => {
    expect(() => parseRedisUrl(url)).toThrow(reason);
    expect(() => parseRedisUrl(url)).not.toThrow("secret");
  });

  test("descriptions name the server without its password", () => {
    expect(parseRedisUrl("redis://u:secret@h:1/2").description).toBe("h:1/2");
    expect(parseRedisUrl("redis+socket://:secret@/s?virtual_host=2").description).toBe("/s/2");
  });
});
