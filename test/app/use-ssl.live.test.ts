/** TLS by Celery's settings, against servers that ask for a client's certificate; Python takes the very same settings. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sslOption } from "../../app/ssl-setting.ts";
import { startPythonWorker } from "../helpers/python.ts";
import { freePorts, startRabbit, startRedis, temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

let [authority, cert, key, broker, store] = ["", "", "", "", ""];

/** A new key with its certificate; RabbitMQ takes none of a client that signed itself. */
function certify(
  subject: string,
  files: readonly [cert: string, key: string],
  issuer: readonly string[],
): void {
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", subject];
  execFileSync("openssl", [...request, ...issuer, "-keyout", files[1], "-out", files[0]], { stdio: "pipe" });
}

beforeAll(async () => {
  const folder = await temporaryFolder();
  const authorityKey = join(folder, "authority.key");
  [authority, cert, key] = [join(folder, "authority.pem"), join(folder, "cert.pem"), join(folder, "key.pem")];
  certify("/CN=authority", [authority, authorityKey], []);
  const issuer = ["-CA", authority, "-CAkey", authorityKey, "-addext", "basicConstraints=CA:FALSE"];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  certify("/CN=localhost", [cert, key], [...issuer, ...names]);
  const [rabbitPort, redisPort] = [await freePorts(1), await freePorts(1)];
  const files = { cacertfile: authority, certfile: cert, keyfile: key, verify: "verify_peer" };
  await startRabbit([
    `listeners.ssl.1 = 127.0.0.1:${rabbitPort}`,
    ...Object.entries(files).map(([name, value]) => `ssl_options.${name} = ${value}`),
    "ssl_options.fail_if_no_peer_cert = true",
  ]);
  const redisFiles = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", authority];
  await startRedis(["--tls-port", String(redisPort), ...redisFiles, "--tls-auth-clients", "yes"]);
  broker = `amqp://guest:guest@127.0.0.1:${rabbitPort}//`;
  store = `redis://127.0.0.1:${redisPort}/0`;
});

const forRabbit = () => ({ keyfile: key, certfile: cert, ca_certs: authority, cert_reqs: 2 });
const forRedis = () => ({
  ssl_keyfile: key,
  ssl_certfile: cert,
  ssl_ca_certs: authority,
  ssl_cert_reqs: "required",
});

describe("brokerUseSsl and redisBackendUseSsl", () => {
  it("reach RabbitMQ and Redis together with a Python worker of the same settings", async () => {
    const conf = { broker_use_ssl: forRabbit(), redis_backend_use_ssl: forRedis() };
    const backend = store.replace("redis:", "rediss:");
    const python = await startPythonWorker({ version: "latest", broker, backend, conf });
    const app = testApp({
      brokerUrl: broker,
      resultBackend: store,
      brokerUseSsl: forRabbit(),
      redisBackendUseSsl: forRedis(),
      taskPublishDeadline: 20,
    });
    expect(await app.call("examples.add", { args: [2, 3], timeoutMs: 30_000 })).toBe(5);
    await python.stop();
  });

  it("reach Redis as a broker too", async () => {
    const ssl = { keyfile: key, certfile: cert, caCerts: authority };
    const app = testApp({
      brokerUrl: store,
      resultBackend: store,
      brokerUseSsl: ssl,
      redisBackendUseSsl: ssl,
    });
    app.task("add", (a: number, b: number) => a + b);
    await testWorker(app);
    expect(await app.call("add", { args: [2, 3], timeoutMs: 30_000 })).toBe(5);
  });

  it.each([
    ["without TLS", false],
    ["without a certificate", { ca_certs: "own" }],
    ["with authorities of Node's, which do not know the server", true],
  ] as const)("are refused %s", async (_what, setting) => {
    const brokerUseSsl = typeof setting === "boolean" ? setting : { ca_certs: authority };
    for (const brokerUrl of [broker, store]) {
      const app = testApp({ brokerUrl, brokerUseSsl, taskPublishDeadline: 2 });
      await expect(app.sendTask("add")).rejects.toMatchObject({ code: "broker_unavailable" });
    }
  });
});

describe("sslOption", () => {
  it.each([
    ["cert_reqs", 0],
    ["certReqs", "CERT_NONE"],
    ["ssl_cert_reqs", "ssl.CERT_NONE"],
    ["ssl_cert_reqs", "none"],
  ])("reads %s: %j", (name, value) => {
    expect(sslOption("brokerUseSsl", { [name]: value }, "redis")).toEqual({ ssl_cert_reqs: "none" });
    expect(sslOption("brokerUseSsl", { [name]: value }, "amqp")).toEqual({ certReqs: "none" });
  });

  it.each([
    [{ keyFile: "k", nonsense: 1 }, /brokerUseSsl has no "/],
    [{ cert_reqs: 7 }, /must be one of none, optional, required/],
  ])("refuses %j", (given, message) => {
    expect(() => sslOption("brokerUseSsl", given, "amqp")).toThrow(message);
  });
});
