import { beforeAll, describe, expect, test } from "vitest";
import { type App, createApp, setupSecurity } from "../../app/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import {
  type PythonClient,
  pythonVersions,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";
import { redisUrl } from "../helpers/services.ts";
import { certificatePem, keyPem, makeKeys, makePlace } from "./auth-certificates.ts";

const place = await makePlace();
const [ours, pythons] = await Promise.all([makeKeys("rsa2048"), makeKeys("rsa2048")]);
const securityCertStore = place.path("store");
const securityKey = place.write("ours.key", keyPem(ours));
const securityCertificate = place.write(
  "store/ours.pem",
  await certificatePem({ keys: ours, subject: "CN=ours" }),
);
const python = {
  task_serializer: "auth",
  accept_content: ["auth"],
  result_serializer: "auth",
  event_serializer: "auth",
  security_key: place.write("python.key", keyPem(pythons)),
  security_certificate: place.write(
    "store/python.pem",
    await certificatePem({ keys: pythons, subject: "CN=python" }),
  ),
  security_cert_store: securityCertStore,
};

describe.each(pythonVersions())("a fleet of signers, with Celery %s", (version) => {
  const hostname = `ours-${version}@localhost`;
  let app: App;
  let client: PythonClient;

  beforeAll(async () => {
    const url = await redisUrl();
    const options = setupSecurity({
      env: {},
      brokerUrl: url,
      resultBackend: url,
      taskSerializer: "auth",
      acceptContent: ["auth"],
      resultSerializer: "auth",
      eventSerializer: "auth",
      securityKey,
      securityCertificate,
      securityCertStore,
      layout: version === "5.2" ? "legacy" : "current",
      taskRoutes: { "ours.*": { queue: "ours" } },
    });
    app = createApp(options);
    app.task("ours.add", (x: number, y: number) => x + y);
    app.task("ours.fail", () => {
      throw new TypeError("as told");
    });
    const worker = createWorker({ app, hostname, queues: ["ours"] });
    cleanUp(async () => {
      await worker.stop();
      await app.close();
    });
    await worker.start();
    const theirs = { version, broker: url, backend: url, conf: python };
    client = startPythonClient(theirs);
    await startPythonWorker(theirs);
  });

  test("Python runs what we sign, and we read its signed results", async () => {
    const send = { args: [2, 3], timeoutMs: 20_000 };
    expect(await app.call("examples.add", send)).toBe(5);
    const echo = await app.call("py.echo", {
      args: ["za\u017c\u00f3\u0142\u0107"],
      kwargs: { k: [1] },
      timeoutMs: 20_000,
    });
    expect(echo).toEqual([["za\u017c\u00f3\u0142\u0107"], { k: [1] }]);
    await expect(app.call("examples.fail", { args: ["told"], timeoutMs: 20_000 })).rejects.toMatchObject({
      type: "ValueError",
    });
  });

  test("we run what Python signs, and it reads our signed results", async () => {
    const id = await client.send("ours.add", [2, 3], {}, { queue: "ours" });
    expect(await client.get(id)).toBe(5);
    const failed = await client.send("ours.fail", [], {}, { queue: "ours" });
    await expect(client.get(failed)).rejects.toThrow("as told");
  });

  test("Python's signed questions get signed answers", async () => {
    const replies = await client.inspect("ping", [], { destination: [hostname], timeout: 5 });
    expect(replies).toEqual({ [hostname]: { ok: "pong" } });
  });

  test("Python reads our signed events", async () => {
    const receiver = "app.events.Receiver(app.connection_for_read(), handlers={'*': got.append})";
    const seen = "[event['hostname'] for event in got if event.get('sw_ident') == 'celerity']";
    const code = `(lambda got: (${receiver}.capture(limit=8, timeout=10), ${seen})[1])([])`;
    expect(await client.evaluate(code)).toContain(hostname);
  });

  test("what Python does not sign is not run", async () => {
    const id = await client.evaluate("app.send_task('ours.add', [1, 1], queue='ours', serializer='json').id");
    // Stored by us, signed like every result.
    await expect(client.get(String(id))).rejects.toThrow(/accept_content has auth/);
  });
});
