import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import createRedisBackend from "../../backends/redis.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { backendOptions, resultDocument } from "../../testing/result-backend.ts";
import createRedisTransport from "../../transports/redis.ts";
import type { Transport } from "../../transports/transport.ts";
import { freePorts, startRedis, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";

type TransportOptions = Readonly<Record<string, unknown>>;

function transport(url: string, transportOptions: TransportOptions = {}): Transport {
  const onWarning = (message: string, error?: unknown): void => {
    throw new Error(message, { cause: error });
  };
  return createRedisTransport({ url, transportOptions, onWarning });
}

/** A message goes through the broker, and a result through the backend. */
async function expectWorking(url: string, transportOptions: TransportOptions = {}): Promise<void> {
  const connection = await transport(url, transportOptions).connect({ timeoutMs: 5000 });
  await connection.publish(
    {
      body: Buffer.from("hi"),
      contentType: "text/plain",
      contentEncoding: "utf-8",
      headers: {},
      properties: { deliveryMode: 2, priority: 0 },
    },
    { exchange: "", routingKey: "q" },
  );
  const consumer = connection.consume([{ name: "q" }], { prefetch: 1 });
  for await (const [delivery] of consumer) {
    expect(Buffer.from(delivery?.message?.body ?? "").toString()).toBe("hi");
    delivery?.ack();
    break;
  }
  await consumer.close();
  expect(await connection.queueSize("q")).toBe(0);
  await connection.close();
  const backend = createRedisBackend(backendOptions(url, { transportOptions }));
  await backend.store([{ document: resultDocument("t", "SUCCESS", 5) }]);
  expect(await backend.get("t")).toMatchObject({ result: 5 });
  await backend.close();
}

async function connectError(url: string, options: TransportOptions = {}, timeoutMs = 2000): Promise<Error> {
  const connecting = transport(url, options).connect({ timeoutMs });
  return await connecting.then(
    () => new Error("It connected"),
    (error: unknown) => error as Error,
  );
}

describe("connecting", () => {
  test("with user and password", async () => {
    const server = await startRedis(["--requirepass", "p@ss/word"]);
    const at = server.url.slice("redis://".length);
    await expectWorking(`redis://:p%40ss%2Fword@${at}/3`);
    await expectWorking(`redis://default:p%40ss%2Fword@${at}/0`);
    const error = await connectError(`redis://:wr0ng@${at}`);
    expect(error).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("WRONGPASS"),
    });
    expect(error.message).toContain(`${at.replace(/\/$/, "")}/0`);
    expect(error.message).not.toContain("wr0ng");
    expect(await connectError(`redis://${at}`)).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("NOAUTH"),
    });
  });

  test("through a Unix socket", async () => {
    const socket = join(await temporaryFolder(), "redis.sock");
    await startRedis(["--unixsocket", socket]);
    await expectWorking(`redis+socket://${socket}?virtual_host=2`);
  });

  test("to nobody, or to somebody who does not answer, fails in time and by name", async () => {
    const port = await freePorts(1);
    expect(await connectError(`redis://127.0.0.1:${port}/1`)).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining(`127.0.0.1:${port}/1: connect ECONNREFUSED`),
    });
    const server = await startRedis();
    server.pause();
    expect(await connectError(server.url, {}, 300)).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("no answer within 300 ms"),
    });
    server.resume();
    expect(await connectError("redis://does-not-exist.invalid")).toMatchObject({
      code: "broker_unavailable",
    });
  });

  test("to a database that does not exist says so", async () => {
    const server = await startRedis();
    const error = await connectError(`${server.url.replace(/\/\d*$/, "")}/600`);
    expect(error).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("out of range"),
    });
  });
});

/** A certificate for 127.0.0.1 that signs itself. */
async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = await temporaryFolder();
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1"];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
  await promisify(execFile)("openssl", [...args, ...subject]);
  return { cert, key };
}

describe("TLS", () => {
  test("with a certificate that is checked, one that is not, and one that is asked for", async () => {
    const { cert, key } = await certificate();
    const port = await freePorts(1);
    const tls = [
      "--tls-port",
      String(port),
      "--tls-cert-file",
      cert,
      "--tls-key-file",
      key,
      "--tls-ca-cert-file",
      cert,
    ];
    await startRedis([...tls, "--tls-auth-clients", "no"]);
    const at = `rediss://127.0.0.1:${port}/0`;
    await expectWorking(`${at}?ssl_cert_reqs=required&ssl_ca_certs=${encodeURIComponent(cert)}`);
    await expectWorking(`${at}?ssl_cert_reqs=CERT_NONE`);
    await expectWorking(at.replace("rediss", "redis"), { ssl: { ssl_cert_reqs: "none" } });
    expect(await connectError(at)).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("self-signed certificate"),
    });
    const client = `&ssl_certfile=${encodeURIComponent(cert)}&ssl_keyfile=${encodeURIComponent(key)}`;
    const mutualPort = await freePorts(1);
    await startRedis([...tls, "--tls-port", String(mutualPort), "--tls-auth-clients", "yes"]);
    const mutual = `rediss://127.0.0.1:${mutualPort}/0?ssl_ca_certs=${encodeURIComponent(cert)}`;
    await expectWorking(mutual + client);
    expect(await connectError(mutual)).toMatchObject({ code: "broker_unavailable" });
  });
});

/** A sentinel that watches one master. */
async function startSentinel(masterUrl: string, password?: string): Promise<number> {
  const folder = join(await temporaryFolder(), "sentinel");
  await mkdir(folder);
  const port = await freePorts(1);
  const master = new URL(masterUrl).port;
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor mymaster 127.0.0.1 ${master} 1`,
  ];
  lines.push("sentinel down-after-milliseconds mymaster 500", "sentinel failover-timeout mymaster 2000");
  if (password !== undefined) lines.push(`requirepass ${password}`);
  const file = join(folder, "sentinel.conf");
  await writeFile(file, `${lines.join("\n")}\n`);
  const sentinel = new GuardedProcess({
    command: "redis-server",
    args: [file, "--sentinel"],
    folder,
    stopSignal: "SIGKILL",
  });
  cleanUp(() => sentinel.stop());
  await sentinel.waitForOutput(/\+monitor master/);
  return port;
}

describe("sentinel", () => {
  test("finds the master, also behind dead sentinels and a password", async () => {
    const server = await startRedis();
    const port = await startSentinel(server.url, "spw");
    const dead = await freePorts(1);
    const options = { masterName: "mymaster", sentinelKwargs: { password: "spw" } };
    await expectWorking(`sentinel://127.0.0.1:${dead}/2;sentinel://127.0.0.1:${port}`, options);
    expect(
      await connectError(`sentinel://127.0.0.1:${port}`, { ...options, masterName: "other" }),
    ).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("other@127.0.0.1"),
    });
    expect(await connectError(`sentinel://127.0.0.1:${dead}`, options)).toMatchObject({
      code: "broker_unavailable",
    });
  });

  test("finds the new master after the old one died", { timeout: 60_000 }, async () => {
    const [old, replica] = [await startRedis(), await startRedis()];
    await redisCli(replica.url, "REPLICAOF", "127.0.0.1", new URL(old.url).port);
    const replication = (): Promise<string> => redisCli(replica.url, "INFO", "replication");
    await expect.poll(replication, { timeout: 10_000 }).toContain("master_link_status:up");
    const port = await startSentinel(old.url);
    const url = `sentinel://127.0.0.1:${port}/0`;
    const watched = transport(url, { masterName: "mymaster" });
    const first = await watched.connect({ timeoutMs: 5000 });
    const known = (): Promise<string> => redisCli(`redis://127.0.0.1:${port}`, "INFO", "sentinel");
    await expect.poll(known, { timeout: 20_000 }).toContain("slaves=1");
    await old.kill();
    expect(await first.ended).toMatchObject({ code: "broker_unavailable" });
    const address = `address=127.0.0.1:${new URL(replica.url).port}`;
    await expect.poll(known, { timeout: 30_000 }).toContain(address);
    await expectWorking(url, { masterName: "mymaster" });
  });
});

async function redisCli(url: string, ...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("redis-cli", ["-u", url, ...command]);
  return stdout;
}
