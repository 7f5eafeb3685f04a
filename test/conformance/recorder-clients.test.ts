/** Several clients of the recorder at once, beside a real Redis: waiting, messages, tracking, watching; and what it bounds. */
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Recorder, type RecorderOptions, startRecorder } from "../../conformance/recorder/index.ts";
import { redisUrl } from "../helpers/services.ts";
import { RawRedis } from "./raw-redis.ts";

async function start(options?: RecorderOptions): Promise<Recorder> {
  const recorder = await startRecorder(options);
  onTestFinished(() => recorder.close());
  return recorder;
}

async function open(url: string): Promise<RawRedis> {
  const client = await RawRedis.open(url);
  onTestFinished(() => client.close());
  return client;
}

const servers = [
  ["the recorder", async () => (await start()).url],
  ["Redis", redisUrl],
] as const;

/** Resolves once the client's command waits. */
async function untilBlocked(observer: RawRedis, id: string): Promise<void> {
  await expect.poll(() => observer.ask(`client list id ${id}`), { timeout: 10_000 }).toMatch(/ flags=b/);
}

async function idOf(client: RawRedis): Promise<string> {
  return /\d+/.exec(await client.ask("client id"))?.[0] ?? "";
}

describe.each(servers)("%s", (_, makeUrl) => {
  test("serves who waits, in the order they came", async () => {
    const url = await makeUrl();
    const [observer, ...waiting] = await Promise.all([url, url, url, url].map(open));
    if (observer === undefined) throw new Error("no client");
    for (const client of waiting) {
      const id = await idOf(client);
      client.send("blpop none q 0");
      await untilBlocked(observer, id);
    }
    expect(await observer.ask("rpush q a b")).toBe(":2\r\n");
    expect(await observer.ask("exists q")).toBe(":0\r\n");
    expect(await waiting[0]?.read()).toBe("*2\r\n$1\r\nq\r\n$1\r\na\r\n");
    expect(await waiting[1]?.read()).toBe("*2\r\n$1\r\nq\r\n$1\r\nb\r\n");
    expect(await observer.ask("lpush q c")).toBe(":1\r\n");
    expect(await waiting[2]?.read()).toBe("*2\r\n$1\r\nq\r\n$1\r\nc\r\n");
  });

  test("a transaction is over before anybody is served, and a move serves the next", async () => {
    const url = await makeUrl();
    const [observer, first, second] = await Promise.all([open(url), open(url), open(url)]);
    const [firstId, secondId] = [await idOf(first), await idOf(second)];
    first.send("brpoplpush q r 0");
    await untilBlocked(observer, firstId);
    second.send("bzpopmin z 0");
    second.send("brpop r 0");
    await untilBlocked(observer, secondId);
    for (const line of ["multi", "lpush q a", "llen q", "zadd z 1 m", "set q2 x"]) await observer.ask(line);
    expect(await observer.ask("exec")).toBe("*4\r\n:1\r\n:1\r\n:1\r\n+OK\r\n");
    expect(await first.read()).toBe("$1\r\na\r\n");
    expect(await second.read()).toBe("*3\r\n$1\r\nz\r\n$1\r\nm\r\n$1\r\n1\r\n");
    expect(await second.read()).toBe("*2\r\n$1\r\nr\r\n$1\r\na\r\n");
  });

  test("gives nothing to a client that went away waiting, nor to one whose key is of another type", async () => {
    const url = await makeUrl();
    const [observer, gone, other] = await Promise.all([open(url), open(url), open(url)]);
    const [goneId, otherId] = [await idOf(gone), await idOf(other)];
    gone.send("blpop q 0");
    await untilBlocked(observer, goneId);
    other.send("blpop s 0");
    await untilBlocked(observer, otherId);
    gone.close();
    await expect
      .poll(() => observer.ask(`client list id ${goneId}`), { timeout: 10_000 })
      .not.toContain("flags=b");
    expect(await observer.ask("rpush q a")).toBe(":1\r\n");
    expect(await observer.ask("llen q")).toBe(":1\r\n");
    await observer.ask("set s x");
    await observer.ask("del s");
    await observer.ask("rpush s y");
    expect(await other.read()).toBe("*2\r\n$1\r\ns\r\n$1\r\ny\r\n");
  });

  test("carries messages to channels and patterns", async () => {
    const url = await makeUrl();
    const [publisher, listener] = await Promise.all([open(url), open(url)]);
    const name = url.replace(/\W/g, "");
    expect(await listener.ask(`subscribe ${name}`)).toContain("subscribe");
    expect(await listener.ask(`psubscribe ${name[0]}*${name.slice(-3)}`)).toMatch(/:2\r\n$/);
    expect(await listener.ask("get a")).toMatch(/^-ERR Can't execute 'get'/);
    expect(await listener.ask("ping")).toBe("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    expect(await publisher.ask(`publish ${name} hello`)).toBe(":2\r\n");
    expect(await listener.read()).toMatch(/^\*3\r\n\$7\r\nmessage\r\n.*\r\nhello\r\n$/s);
    expect(await listener.read()).toMatch(/^\*4\r\n\$8\r\npmessage\r\n.*\r\nhello\r\n$/s);
    expect(await listener.ask("unsubscribe")).toMatch(/:1\r\n$/);
    expect(await listener.ask("punsubscribe")).toMatch(/:0\r\n$/);
    expect(await listener.ask("get a")).toBe("$-1\r\n");
  });

  test("tells who tracks a key, on its own connection or on another", async () => {
    const url = await makeUrl();
    const [writer, reader, listener, modern] = await Promise.all([
      open(url),
      open(url),
      open(url),
      open(url),
    ]);
    const listenerId = await idOf(listener);
    await listener.ask("subscribe __redis__:invalidate");
    expect(await reader.ask(`client tracking on redirect ${listenerId} optin`)).toBe("+OK\r\n");
    await reader.ask("get other");
    await reader.ask("client caching yes");
    expect(await reader.ask("exists a b")).toBe(":0\r\n");
    await modern.ask("hello 3");
    expect(await modern.ask("client tracking on")).toBe("+OK\r\n");
    await modern.ask("llen b");
    await writer.ask("set other 1");
    await writer.ask("lpush b x");
    await writer.ask("lpush b x");
    expect(await listener.read()).toBe(
      "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nb\r\n",
    );
    expect(await modern.read()).toBe(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nb\r\n");
    await writer.ask("set a 1");
    expect(await listener.read()).toContain("\r\na\r\n");
  });

  test("aborts a transaction when another client changed what is watched", async () => {
    const url = await makeUrl();
    const [first, second] = await Promise.all([open(url), open(url)]);
    await first.ask("watch a");
    await second.ask("set a 1");
    await first.ask("multi");
    await first.ask("set a 2");
    expect(await first.ask("exec")).toBe("*-1\r\n");
    await first.ask("set b 1 px 20");
    await first.ask("watch b");
    await expect.poll(() => second.ask("exists b"), { timeout: 10_000 }).toBe(":0\r\n");
    await first.ask("multi");
    expect(await first.ask("exec")).toBe("*-1\r\n");
  });

  test.each([
    ["*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
    ["*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
    ["*99999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
    ["*1\r\n+x\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"],
    ["*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
    ['set "a\r\n', "-ERR Protocol error: unbalanced quotes in request\r\n"],
  ])("refuses %j and closes the connection", async (bytes, answer) => {
    const client = await open(await makeUrl());
    client.write(bytes);
    expect(await client.read()).toBe(answer);
    expect(await client.read()).toBe("");
  });

  test("reads commands as people type them, and in pieces", async () => {
    const client = await open(await makeUrl());
    client.write('\r\nset  a "x y\\n"\r\nget a\n*0\r\n*-1\r\n*2\r\n$3\r\nget\r\n$1\r');
    expect(await client.read()).toBe("+OK\r\n");
    expect(await client.read()).toBe("$4\r\nx y\n\r\n");
    client.write("\na\r\n");
    expect(await client.read()).toBe("$4\r\nx y\n\r\n");
  });
});

describe("the recorder's own", () => {
  test("log names who sent what, and what is not known", async () => {
    const recorder = await start({ maxLog: 5 });
    const client = new Redis(recorder.port, { connectionName: "me" });
    onTestFinished(() => client.disconnect());
    await client.set("a", "1");
    await expect(client.call("GEOADD", "a")).rejects.toThrow(/unknown command 'GEOADD'/);
    const [before, last] = recorder.log.slice(-2);
    expect(before?.command.map(String)).toEqual(["set", "a", "1"]);
    expect(before?.client).toMatchObject({ name: "me", library: "ioredis" });
    expect(last?.error).toMatch(/unknown command/);
    expect([...recorder.unknown]).toEqual([["geoadd", 1]]);
    for (let count = 0; count < 20; count += 1) await client.ping();
    expect(recorder.log).toHaveLength(5);
  });

  test("memory is bounded; what makes room still works", async () => {
    const { url } = await start({ maxBytes: 20_000 });
    const client = await open(url);
    client.sendWords(["set", "a", "x".repeat(15_000)]);
    expect(await client.read()).toBe("+OK\r\n");
    client.sendWords(["rpush", "l", "x".repeat(15_000)]);
    expect(await client.read()).toMatch(/^-OOM /);
    expect(await client.ask("del a")).toBe(":1\r\n");
    client.sendWords(["rpush", "l", "x".repeat(15_000)]);
    expect(await client.read()).toBe(":1\r\n");
    expect(await client.ask("set b 1 px 1")).toBe("+OK\r\n");
  });

  test("clients are bounded, and so is a command", async () => {
    const { url } = await start({ maxClients: 1 });
    const client = await open(url);
    const refused = await RawRedis.open(url);
    expect(await refused.read()).toBe("");
    client.write("*2\r\n$3\r\nget\r\n$999999999\r\n");
    expect(await client.read()).toMatch(/invalid bulk length/);
  });

  test("scripts cannot run for ever", async () => {
    const client = await open((await start()).url);
    client.sendWords(["eval", "while true do end", "0"]);
    expect(await client.read()).toMatch(/^-ERR .*Script killed/);
    expect(await client.ask("ping")).toBe("+PONG\r\n");
  });

  test("close ends every connection, also one that waits", async () => {
    const recorder = await start();
    const client = await open(recorder.url);
    client.send("blpop q 0");
    await recorder.close();
    expect(await client.read()).toBe("");
    await recorder.close();
  });
});
