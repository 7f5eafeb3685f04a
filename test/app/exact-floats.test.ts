import { expect, test } from "vitest";
import { createApp } from "../../app/index.ts";
import { jsonSerializer } from "../../codecs/index.ts";
import { Float, float, parseSignature, readPythonJson, toTaskRequest } from "../../protocol/index.ts";

const limits = { maxBytes: 1000, maxDepth: 10 };
const body = Buffer.from("[[1.0, 1, 1.5, -0.0, 1e3], {}, {}]");

test("exactFloats keeps floats apart from integers in what the app reads", () => {
  const app = createApp({ exactFloats: true, env: {} });
  const read = app.valueCodecs.serializer("json").deserialize(body, limits);
  expect(read).toEqual([[float(1), 1, 1.5, float(-0), float(1000)], {}, {}]);
  expect(Buffer.from(jsonSerializer.serialize(read) as Uint8Array).toString()).toBe(
    "[[1.0,1,1.5,-0.0,1000.0],{},{}]",
  );
  // Control messages and events are read with plain numbers.
  expect(app.codecs.serializer("json").deserialize(body, limits)).toEqual([[1, 1, 1.5, -0, 1000], {}, {}]);
});

test("without it every number is plain, and there is one set of codecs", () => {
  const app = createApp({ env: {} });
  expect(app.valueCodecs).toBe(app.codecs);
  expect(app.settings.exactFloats).toBe(false);
});

test("fields of the protocol are plain numbers all the same", () => {
  const called = parseSignature(
    readPythonJson('{"task": "t", "args": [1.0], "options": {"countdown": 2.0}}', { exactFloats: true }),
    "chain",
  );
  expect(called.options).toEqual({ countdown: 2 });
  expect(called.args[0]).toBeInstanceOf(Float);

  const text = '{"task": "t", "id": "1", "args": [1.0], "timelimit": [60.0, null], "retries": 0}';
  const wire = {
    body: Buffer.from(text),
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers: {},
    properties: { deliveryMode: 2, priority: 0 },
  } as const;
  const from = { queue: "q", exchange: "", routingKey: "q", redelivered: false };
  const request = toTaskRequest(wire, readPythonJson(text, { exactFloats: true }), from);
  expect(request).toMatchObject({ timeLimitSeconds: 60, args: [float(1)] });
});
