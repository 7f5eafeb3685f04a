/** What a stranger may put on a queue: nothing of it stops the worker, comes back or disappears. */
import { randomUUID } from "node:crypto";
import { deflateSync } from "node:zlib";
import { Redis } from "ioredis";
import { beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../app/index.ts";
import { readEnvelope, type WireMessage } from "../../protocol/index.ts";
import { openSql } from "../../stores/sql/index.ts";
import type { Worker } from "../../worker/index.ts";
import { startPythonClient } from "../helpers/python.ts";
import { publishRaw, takeMessages } from "../helpers/worker.ts";
import { type BrokerName, backends, brokerNames, brokers } from "./places.ts";
import { createTestApp, startWorker } from "./sides.ts";

/** Headers and body of a message, and the code it is refused with; ID in the headers becomes a new id. */
type BadMessage = [
  what: string,
  code: string,
  headers: Readonly<Record<string, unknown>>,
  body?: string | Uint8Array,
  more?: Partial<WireMessage>,
];

const ID = "ID";
const BAD_CHORD = '[[2, 3], {}, {"chord": {"task": "celery.chain", "subtask_type": "chain"}}]';
const v2 = { lang: "py", task: "examples.add", id: ID, retries: 0, timelimit: [null, null] };

const badMessages: BadMessage[] = [
  ["an unknown task", "not_registered", { ...v2, task: "nobody.knows" }],
  ["a body that is not JSON", "bad_body", v2, "{nope"],
  ["a body that is not UTF-8", "bad_body", v2, Uint8Array.of(0x22, 0xff, 0x22)],
  ["an empty body", "bad_body", v2, ""],
  ["a body of two elements", "bad_body", v2, "[[], {}]"],
  ["a body that is an object without args", "bad_body", v2, "{}"],
  ["args that are a string", "bad_body", v2, '["abc", {}, {}]'],
  ["kwargs that are a list", "bad_body", v2, "[[], [], {}]"],
  ["a value of an unknown Python type", "bad_body", v2, '[[{"__type__": "nope", "__value__": 1}], {}, {}]'],
  ["a link that is no signature", "bad_body", v2, '[[], {}, {"callbacks": [{"no": "task"}]}]'],
  ["a body nested 500 deep", "too_deep", v2, `[[${"[".repeat(500)}${"]".repeat(500)}], {}, {}]`],
  ["a body that unpacks to 32 MiB", "too_large", { ...v2, compression: "zlib" }, bomb()],
  ["a compression nobody knows", "bad_compression", { ...v2, compression: "application/x-nope" }],
  ["corrupt compressed data", "bad_compression", { ...v2, compression: "application/x-gzip" }],
  ["a type that is not accepted", "content_refused", v2, "- []", { contentType: "application/x-yaml" }],
  ["pickle", "content_refused", v2, "cos\nsystem\n.", { contentType: "application/x-python-serialize" }],
  ["no content type", "bad_body", v2, "[[], {}, {}]", { contentType: undefined }],
  ["an unknown content encoding", "bad_encoding", v2, "[[], {}, {}]", { contentEncoding: "x-nope" }],
  ["no id", "bad_header", { task: "examples.add" }],
  ["an id that is a number", "bad_header", { ...v2, id: 5 }],
  ["an id of 60 kB", "bad_header", { ...v2, id: "x".repeat(60_000) }],
  ["a task that is a list", "bad_header", { ...v2, task: ["examples.add"] }],
  ["retries that are text", "bad_header", { ...v2, retries: "many" }],
  ["a time limit of three", "bad_header", { ...v2, timelimit: [1, 2, 3] }],
  ["an eta that is a number", "bad_eta", { ...v2, eta: 1_700_000_000 }],
  ["an eta that is no time", "bad_eta", { ...v2, eta: "next tuesday" }],
  ["an expiry that is no time", "bad_eta", { ...v2, expires: "2024-02-30T00:00:00" }],
  ["nothing that names a task", "bad_body", {}, "{}"],
  ["protocol 1 without an id", "bad_body", {}, '{"task": "examples.add"}'],
  ["a chord whose body is a chain without steps", "bad_body", v2, BAD_CHORD],
];

/** What is pushed to a queue past any client, where the broker keeps messages as text. */
const badEnvelopes: [what: string, text: string, code?: string][] = [
  ["text that is not JSON", "not json \u2028"],
  ["a JSON list", "[1, 2]"],
  ["a JSON string", '"text"'],
  ["an envelope without properties", envelope({ properties: undefined })],
  ["properties that are a list", envelope({ properties: [] })],
  ["headers that are a string", envelope({ headers: "x" })],
  ["a body that is not base64", envelope({ body: "%%%" })],
  ["a body that is a number", envelope({ body: 5 })],
  ["an envelope nested 5000 deep", `{"properties": ${"[".repeat(5000)}${"]".repeat(5000)}}`, "too_deep"],
];

describe.each(brokerNames)("on %s", (broker) => {
  let url: string;
  let app: App;
  let worker: Worker;

  beforeAll(async () => {
    url = await brokers[broker]();
    const settings = { brokerUrl: url, resultBackend: await backends.Redis(), acceptContent: ["json"] };
    app = createTestApp(settings);
    worker = await startWorker(createTestApp(settings), ["celery"]);
    await (await app.connection()).declareQueue({ name: "celery.dead" });
  });

  /** The next good task runs, and the bad message is the only dead letter. */
  async function expectRefused(code: string): Promise<WireMessage> {
    expect(await app.call("examples.add", { args: [2, 3], timeoutMs: 20_000 })).toBe(5);
    const [dead] = await takeMessages(app, "celery.dead", 1);
    expect(dead?.message?.headers).toMatchObject({
      "x-celerity-reason": code,
      "x-celerity-detail": expect.stringMatching(/^.{10}/),
      "x-celerity-queue": "celery",
      "x-celerity-worker": worker.hostname,
      "x-celerity-at": expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    if (dead?.message === undefined) throw new Error("the dead letter cannot be read");
    return dead.message;
  }

  test.each(badMessages)("%s is kept as a dead letter", async (_what, code, given, body, more) => {
    const id = randomUUID();
    const headers = given["id"] === ID ? { ...given, id } : given;
    const bytes = Buffer.from(body ?? "[[2, 3], {}, {}]");
    await publishRaw(app, "celery", { headers, body: bytes, ...more });

    const dead = await expectRefused(code);
    expect(Buffer.from(dead.body)).toEqual(bytes);
    expect(dead.headers).toMatchObject(headers);
    expect(dead.contentType).toBe(
      more !== undefined && "contentType" in more ? more.contentType : "application/json",
    );
    if (given["id"] !== ID) return;
    await expect(app.result(id).get({ timeoutMs: 20_000 })).rejects.toMatchObject({ code: "task_failed" });
  });

  test.each(broker === "RabbitMQ" ? [] : badEnvelopes)(
    "%s is kept as a dead letter",
    async (_what, text, code) => {
      await push(broker, url, text);
      const dead = await expectRefused(code ?? "bad_envelope");
      expect(Buffer.from(dead.body).toString()).toBe(text);
    },
  );

  if (broker === "RabbitMQ")
    test("headers larger than an AMQP client of ours can send travel in the body", async () => {
      const python = startPythonClient({
        version: "latest",
        broker: url,
        conf: { task_queue_max_priority: 10 },
      });
      const id = randomUUID();
      const options = { task_id: id, headers: { big: "x".repeat(100_000) } };
      await python.send("nobody.knows", [1], {}, options);
      const dead = await expectRefused("not_registered");
      const { message } = readEnvelope(Buffer.from(dead.body).toString());
      expect(message.headers).toMatchObject({ id, big: options.headers.big });
      expect(JSON.parse(Buffer.from(message.body).toString())).toMatchObject([[1], {}, {}]);
      await expect(app.result(id).get({ timeoutMs: 20_000 })).rejects.toMatchObject({
        type: "NotRegistered",
      });
    });

  test("nothing is left in the queue or unacknowledged", async () => {
    await worker.stop();
    const connection = await app.connection();
    for (const queue of ["celery", "celery.dead"]) expect(await connection.queueSize(queue)).toBe(0);
    if (broker === "Redis") {
      const redis = new Redis(url);
      expect(await redis.exists("unacked", "unacked_index")).toBe(0);
      await redis.quit();
    }
    if (broker === "SQLite") {
      const db = await openSql(url.replace("sqla+", ""));
      expect(await db.all("SELECT * FROM kombu_message WHERE visible")).toEqual([]);
      expect(await db.all("SELECT * FROM celerity_claim")).toEqual([]);
      await db.close();
    }
  });
});

/** 32 MiB of spaces in 32 KiB. */
function bomb(): Uint8Array {
  return deflateSync(Buffer.alloc(32 * 1024 * 1024, " "));
}

/** A good envelope but for what is changed. */
function envelope(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    body: Buffer.from("[[], {}, {}]").toString("base64"),
    "content-type": "application/json",
    "content-encoding": "utf-8",
    headers: { task: "examples.add", id: randomUUID() },
    properties: { body_encoding: "base64", delivery_tag: randomUUID(), delivery_info: {} },
    ...changes,
  });
}

/** Puts text on the queue `celery` as it stands. */
async function push(broker: BrokerName, url: string, text: string): Promise<void> {
  if (broker === "Redis") {
    const redis = new Redis(url);
    await redis.lpush("celery", text);
    await redis.quit();
    return;
  }
  const db = await openSql(url.replace("sqla+", ""));
  const sql = `INSERT INTO kombu_message (visible, payload, version, queue_id)
    SELECT true, ?, 1, id FROM kombu_queue WHERE name = 'celery'`;
  await db.run(sql, [text]);
  await db.close();
}
