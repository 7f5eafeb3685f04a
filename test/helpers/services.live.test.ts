import { existsSync } from "node:fs";
import amqp from "amqplib";
import { Redis } from "ioredis";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import {
  amqpUrl,
  postgresUrl,
  rabbitApi,
  redisUrl,
  sqliteFile,
  startRabbit,
  startRedis,
  temporaryFolder,
} from "./services.ts";

describe("places on the shared servers", () => {
  test("each Redis database is the caller's own and empty", async () => {
    const [first, second] = [new Redis(await redisUrl()), new Redis(await redisUrl())];
    await first.set("key", "value");
    expect(await first.get("key")).toBe("value");
    expect(await second.dbsize()).toBe(0);
    await Promise.all([first.quit(), second.quit()]);
  });

  test("a Redis database is emptied before it is lent again", async () => {
    const redis = new Redis(await redisUrl());
    expect(await redis.dbsize()).toBe(0);
    await redis.quit();
  });

  test("each RabbitMQ virtual host is the caller's own", async () => {
    const [first, second] = [await amqpUrl(), await amqpUrl()];
    const connection = await amqp.connect(first);
    const channel = await connection.createChannel();
    await channel.assertQueue("celery");
    const queuesOf = (url: string): Promise<unknown> =>
      rabbitApi(url, "GET", `queues${new URL(url).pathname}?columns=name`);
    expect(await queuesOf(first)).toEqual([{ name: "celery" }]);
    expect(await queuesOf(second)).toEqual([]);
    await connection.close();
  });

  test("each PostgreSQL database is the caller's own", async () => {
    const [first, second] = [new Client(await postgresUrl()), new Client(await postgresUrl())];
    await Promise.all([first.connect(), second.connect()]);
    await first.query("CREATE TABLE t (id int)");
    expect((await second.query("SELECT to_regclass('t') AS t")).rows).toEqual([{ t: null }]);
    await Promise.all([first.end(), second.end()]);
  });

  let folder = "";
  test("a temporary folder is there during the test", async () => {
    folder = await temporaryFolder();
    expect(existsSync(folder)).toBe(true);
    expect(existsSync(await sqliteFile())).toBe(false);
  });
  test("and gone after it", () => {
    expect(existsSync(folder)).toBe(false);
  });
});

describe("servers of one's own", () => {
  test("Redis keeps its data through kill -9", async () => {
    const server = await startRedis();
    const before = new Redis(server.url);
    await before.set("key", "value");
    before.disconnect();
    await server.kill();
    const dead = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
    dead.on("error", () => {});
    await expect(dead.connect()).rejects.toThrow();
    await server.restart();
    const after = new Redis(server.url);
    expect(await after.get("key")).toBe("value");
    await after.quit();
  });

  test("a paused Redis answers only when resumed", async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    await redis.ping();
    server.pause();
    const answers: string[] = [];
    const late = redis.ping().then(() => answers.push("pong"));
    const impatient = redis.duplicate({ commandTimeout: 200 });
    impatient.on("error", () => {});
    await expect(impatient.ping()).rejects.toThrow("timed out");
    expect(answers).toEqual([]);
    server.resume();
    await late;
    expect(answers).toEqual(["pong"]);
    impatient.disconnect();
    await redis.quit();
  });

  test("RabbitMQ keeps durable messages through kill -9", async () => {
    const server = await startRabbit();
    const before = await amqp.connect(server.url);
    const lost = new Promise((resolve) => before.once("close", resolve));
    before.on("error", () => {});
    const channel = await before.createConfirmChannel();
    await channel.assertQueue("durable");
    channel.sendToQueue("durable", Buffer.from("kept"), { persistent: true });
    await channel.waitForConfirms();
    await server.kill();
    await lost;
    await server.restart();
    const after = await amqp.connect(server.url);
    const message = await (await after.createChannel()).get("durable");
    if (message === false) throw new Error("the queue is empty");
    expect(message.content.toString()).toBe("kept");
    await after.close();
  }, 120_000);
});
