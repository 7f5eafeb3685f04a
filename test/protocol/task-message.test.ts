import { describe, expect, test } from "vitest";
import {
  customHeaders,
  type Envelope,
  type PlainObject,
  PROTOCOL_HEADERS,
  readEnvelope,
  type Signature,
  type TaskCall,
  toTaskMessageV1,
  toTaskMessageV2,
} from "../../protocol/index.ts";
import { type TaskVector, vectors } from "../helpers/vectors.ts";

interface Recorded {
  readonly name: string;
  readonly raw: string;
}

const redis = (file: string): Recorded[] =>
  vectors<TaskVector[]>(file).flatMap((vector) => (vector.transport === "redis" ? [vector] : []));
const canvas = vectors<{ name: string; messages: object[] }[]>("canvas_messages").flatMap(
  ({ name, messages }) => messages.map((message) => ({ name, raw: JSON.stringify(message) })),
);
const bodyOf = ({ message }: Envelope): unknown => JSON.parse(Buffer.from(message.body).toString());

/** The call that must have led to a recorded message. */
function callOf(headers: PlainObject, envelope: Envelope): TaskCall {
  const [hard, soft] = headers["timelimit"] as [number | null, number | null];
  const { expiration, replyTo, priority, deliveryMode } = envelope.message.properties;
  const custom = customHeaders(envelope.message.headers);
  return {
    task: headers["task"] as string,
    id: headers["id"] as string,
    args: [],
    kwargs: {},
    eta: headers["eta"] as string | null,
    expires: headers["expires"] as string | null,
    expirationMs: expiration === undefined ? undefined : Number(expiration),
    retries: headers["retries"] as number,
    timeLimitSeconds: hard,
    softTimeLimitSeconds: soft,
    groupId: headers["group"] as string | null,
    groupIndex: headers["group_index"] as number | null,
    rootId: headers["root_id"] as string | null,
    parentId: headers["parent_id"] as string | null,
    shadow: headers["shadow"] as string | null,
    ignoreResult: headers["ignore_result"] as boolean | null,
    origin: headers["origin"] as string,
    replyTo,
    priority,
    deliveryMode,
    replacedTaskNesting: headers["replaced_task_nesting"] as number,
    stampedHeaders: headers["stamped_headers"] as string[] | null,
    stamps: headers["stamps"] as PlainObject,
    headers: Object.keys(custom).length > 0 ? custom : undefined,
    argsrepr: headers["argsrepr"] as string,
    kwargsrepr: headers["kwargsrepr"] as string,
  };
}

describe("toTaskMessageV2", () => {
  const json = redis("tasks").filter(({ name }) => name === "v2-json-plain");
  const recorded = [
    ...json,
    ...redis("tasks_options"),
    ...canvas,
    ...vectors<Recorded[]>("task_republished"),
  ];

  test.each(recorded)("builds $name as Celery sent it, in the same order", ({ raw }) => {
    const envelope = readEnvelope(raw);
    const { headers, properties } = envelope.message;
    const [args, kwargs, embed] = bodyOf(envelope) as [unknown[], PlainObject, Record<string, unknown>];
    const built = toTaskMessageV2({
      ...callOf(headers, envelope),
      args,
      kwargs,
      callbacks: embed["callbacks"] as Signature[] | null,
      errbacks: embed["errbacks"] as Signature[] | null,
      chain: embed["chain"] as Signature[] | null,
      chord: embed["chord"] as Signature | null,
    });
    // `lang` names the sender.
    expect(JSON.stringify(built.headers)).toBe(JSON.stringify({ ...headers, lang: "js" }));
    expect(JSON.stringify(built.body)).toBe(JSON.stringify([args, kwargs, embed]));
    const { other, ...known } = properties;
    expect(JSON.parse(JSON.stringify(built.properties))).toEqual(JSON.parse(JSON.stringify(known)));
  });

  const minimal: TaskCall = {
    task: "t",
    id: "i",
    args: [],
    kwargs: {},
    origin: "o",
    argsrepr: "()",
    kwargsrepr: "{}",
  };

  test("sends every header, unset ones as Celery does", () => {
    expect(toTaskMessageV2(minimal)).toEqual({
      headers: {
        lang: "js",
        task: "t",
        id: "i",
        shadow: null,
        eta: null,
        expires: null,
        group: null,
        group_index: null,
        retries: 0,
        timelimit: [null, null],
        root_id: "i",
        parent_id: null,
        argsrepr: "()",
        kwargsrepr: "{}",
        origin: "o",
        ignore_result: null,
        replaced_task_nesting: 0,
        stamped_headers: null,
        stamps: {},
      },
      properties: { correlationId: "i", replyTo: "", deliveryMode: 2, priority: 0 },
      body: [[], {}, { callbacks: null, errbacks: null, chain: null, chord: null }],
    });
  });

  test.each([
    [0, "0"],
    [-5000, "0"],
    [1500.9, "1500"],
  ])("sends an expiration of %d ms as %o", (expirationMs, expiration) => {
    expect(toTaskMessageV2({ ...minimal, expirationMs }).properties.expiration).toBe(expiration);
  });

  test("lets the caller's headers win, as Celery does", () => {
    const { headers } = toTaskMessageV2({ ...minimal, headers: { tenant: "t1", shadow: "mine" } });
    expect(headers).toMatchObject({ tenant: "t1", shadow: "mine", task: "t" });
  });
});

describe("toTaskMessageV1", () => {
  test.each(redis("tasks").filter(({ name }) => name === "v1-json-plain"))(
    "builds $name as Celery sent it",
    ({ raw }) => {
      const envelope = readEnvelope(raw);
      const body = bodyOf(envelope) as PlainObject;
      const built = toTaskMessageV1({
        ...callOf(body, envelope),
        args: body["args"] as unknown[],
        kwargs: body["kwargs"] as PlainObject,
      });
      expect(JSON.stringify(built.body)).toBe(JSON.stringify(body));
      expect(built.headers).toEqual({});
      expect(JSON.parse(JSON.stringify(built.properties))).toEqual(
        JSON.parse(JSON.stringify(envelope.message.properties)),
      );
    },
  );
});

describe("customHeaders", () => {
  test("leaves the caller's own", () => {
    const protocol = Object.fromEntries([...PROTOCOL_HEADERS].map((name) => [name, 1]));
    const broker = { "x-death": [{}], "x-first-death-queue": "q", "x-last-death-reason": "expired" };
    expect(customHeaders({ ...protocol, ...broker, tenant: "t1" })).toEqual({
      tenant: "t1",
    });
  });

  test("knows all headers that Celery sends", () => {
    const { headers } = readEnvelope(redis("tasks_options")[0]?.raw ?? "").message;
    expect(Object.keys(headers).filter((name) => !PROTOCOL_HEADERS.has(name))).toEqual([]);
  });
});
