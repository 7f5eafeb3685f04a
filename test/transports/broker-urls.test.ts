import { describe, expect, it } from "vitest";
import { redactUrl, splitBrokerUrls, transportName } from "../../transports/broker-urls.ts";

describe("splitBrokerUrls", () => {
  it.each([
    [undefined, ["amqp://guest:guest@127.0.0.1:5672//"]],
    ["redis://a/1", ["redis://a/1"]],
    ["redis://a/1;redis://b/2", ["redis://a/1", "redis://b/2"]],
    [
      ["amqp://a//", "redis://b"],
      ["amqp://a//", "redis://b"],
    ],
    ["amqp://u:p@a:1/v;b", ["amqp://u:p@a:1/v", "amqp://u:p@b:1/v"]],
    ["sentinel://a:1;sentinel://b:2", ["sentinel://a:1;sentinel://b:2"]],
  ])("%j", (given, expected) => {
    expect(splitBrokerUrls(given)).toEqual(expected);
  });

  it("refuses an empty URL", () => {
    expect(() => splitBrokerUrls("")).toThrow(/broker_url is empty/);
  });
});

describe("transportName", () => {
  it.each([
    ["redis://h", "redis"],
    ["sqla+sqlite:////f.db", "sqla"],
    ["AMQP://h", "amqp"],
  ])("%s is %s", (url, name) => {
    expect(transportName(url)).toBe(name);
  });

  it("shows no password in its error", () => {
    expect(() => transportName("nonsense")).toThrow(/is not a broker URL/);
  });
});

describe("redactUrl", () => {
  it.each([
    ["redis://:secret@h/0", "redis://:********@h/0"],
    ["amqp://user:secret@h//", "amqp://user:********@h//"],
    ["redis://h/0", "redis://h/0"],
  ])("%s", (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });
});
