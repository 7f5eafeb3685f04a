import { expect, test } from "vitest";
import { readOptions } from "../../transports/amqp/options.ts";
import { parseAmqpUrl } from "../../transports/amqp/url.ts";

const DEFAULTS = {
  isSecure: false,
  host: "localhost",
  port: 5672,
  user: "guest",
  password: "guest",
  vhost: "/",
};

test.each([
  ["amqp://", {}],
  ["amqp://localhost", {}],
  ["pyamqp://localhost/", {}],
  ["librabbitmq://localhost//", {}],
  ["amqps://rabbit", { host: "rabbit", port: 5671, isSecure: true }],
  ["amqp://rabbit:1234/jobs", { host: "rabbit", port: 1234, vhost: "jobs" }],
  ["amqp://rabbit/a/b", { host: "rabbit", vhost: "a/b" }],
  ["amqp://rabbit//a", { host: "rabbit", vhost: "/a" }],
  ["amqp://rabbit/%2F", { host: "rabbit", vhost: "/" }],
  ["amqp://rabbit/my%20jobs", { host: "rabbit", vhost: "my jobs" }],
  ["amqp:///jobs", { vhost: "jobs" }],
  ["amqp://me@rabbit", { host: "rabbit", user: "me" }],
  ["amqp://me:p%40ss%2Fw%3Ard@rabbit", { host: "rabbit", user: "me", password: "p@ss/w:rd" }],
  ["amqp://me:a@b:c@rabbit", { host: "rabbit", user: "me", password: "a@b:c" }],
  ["amqp://me:100%@rabbit", { host: "rabbit", user: "me", password: "100%" }],
  ["amqp://[::1]:5673/", { host: "::1", port: 5673 }],
  ["amqp://guest:guest@127.0.0.1:5672//", { host: "127.0.0.1" }],
])("%s", (url, expected) => {
  expect(parseAmqpUrl(url)).toMatchObject({ ...DEFAULTS, ...expected });
});

test.each(["amqp:/rabbit", "rabbit:5672", "amqp://rabbit:x/", "amqp://me:secret@rabbit:99999/"])(
  "%s is refused without its password",
  (url) => {
    const parse = (): unknown => parseAmqpUrl(url);
    expect(parse).toThrow(expect.objectContaining({ code: "bad_config" }));
    expect(parse).not.toThrow(/secret/);
  },
);

test("options come from the transport options, and from the URL before them", () => {
  const address = parseAmqpUrl("amqp://rabbit/?heartbeat=30&login_method=amqplain");
  expect(readOptions({ heartbeatSeconds: 10, confirmTimeoutMs: 1000 }, address)).toEqual({
    heartbeatSeconds: 30,
    confirmTimeoutMs: 1000,
    maxUnconfirmed: 10_000,
    livenessMs: 5000,
    loginMethod: "AMQPLAIN",
    detectQuorumQueues: true,
    delayedQueueType: "quorum",
    ssl: undefined,
  });
});

test.each([
  ["amqp://rabbit", {}, undefined],
  ["amqp://rabbit", { ssl: false }, undefined],
  ["amqps://rabbit", {}, {}],
  ["amqp://rabbit", { ssl: true }, {}],
  [
    "amqp://rabbit",
    { ssl: { caCerts: "ca.pem", certReqs: "none" } },
    { caCerts: "ca.pem", certReqs: "none" },
  ],
  [
    "amqps://rabbit?ssl_ca_certs=/ca.pem&ssl_cert_reqs=CERT_NONE",
    {},
    { caCerts: "/ca.pem", certReqs: "CERT_NONE" },
  ],
])("TLS for %s with %o", (url, given, ssl) => {
  expect(readOptions(given, parseAmqpUrl(url)).ssl).toEqual(ssl);
});

test.each([[{ heartbeatSeconds: "often" }], [{ confirmTimeoutMs: -1 }], [{ loginMethod: "GUESS" }]])(
  "%o is refused by name",
  (given) => {
    const read = (): unknown => readOptions(given, parseAmqpUrl("amqp://rabbit"));
    expect(read).toThrow(expect.objectContaining({ code: "bad_config" }));
    expect(read).toThrow(
      new RegExp(Object.keys(given)[0] === "loginMethod" ? "GUESS" : (Object.keys(given)[0] ?? "")),
    );
  },
);
