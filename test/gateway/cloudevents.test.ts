/** CloudEvents that come in: the three modes, the rules of the specification, and the tasks that they become. */
import { describe, expect, it } from "vitest";
import type { App } from "../../app/index.ts";
import { decodeHeader } from "../../gateway/cloudevents/binary-mode.ts";
import type { EventOptions } from "../../gateway/cloudevents/event-door.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { type SentCall, send, takeCalls } from "./hooks-place.ts";
import { type Answer, openGateway, type PlaceOptions } from "./place.ts";

const RULES: EventOptions = {
  rules: [
    {
      when: { pointer: "/type", prefix: "com.example.order." },
      task: {
        $ptr: "/type",
        map: { "com.example.order.created": "orders.created" },
        default: "orders.other",
      },
      args: [{ $ptr: "/data", required: false }],
      kwargs: { subject: { $ptr: "/subject", required: false } },
    },
    {
      when: { pointer: "/type", equals: "com.example.bytes" },
      task: "bytes",
      args: [{ $ptr: "/data_base64" }],
    },
    { when: { pointer: "/type", equals: "com.example.all" }, task: "all", args: [{ $ptr: "" }] },
  ],
  allowed_origins: ["eventemitter.example.com", "*.azure.net"],
  allowed_rate: 120,
};

const EVENT = {
  specversion: "1.0",
  id: "A234-1234-1234",
  source: "/mycontext",
  type: "com.example.order.created",
  datacontenttype: "application/json",
  data: { n: 1 },
};
const STRUCTURED = { "content-type": "application/cloudevents+json; charset=UTF-8" };
const BATCH = { "content-type": "application/cloudevents-batch+json" };
const BINARY = {
  "ce-specversion": "1.0",
  "ce-id": "A234-1234-1234",
  "ce-source": "/mycontext",
  "ce-type": "com.example.order.created",
};

async function openEvents(options: PlaceOptions = {}) {
  const place = await openGateway({ cloudEvents: RULES, ...options });
  const post = (body: unknown, headers: Readonly<Record<string, string>> = STRUCTURED): Promise<Answer> => {
    const isRaw = typeof body === "string" || Buffer.isBuffer(body);
    return send(`${place.url}/v1/events`, isRaw ? body : JSON.stringify(body), headers);
  };
  return { ...place, post };
}

/** The next task. */
async function nextCall(app: App): Promise<SentCall & { readonly task: unknown }> {
  const [call = { headers: {}, args: [], kwargs: {} }] = await takeCalls(app, 1);
  return { ...call, task: call.headers["task"] };
}

describe("an event", () => {
  it("in structured mode becomes a task", async () => {
    const { app, post } = await openEvents();
    const { status, body, headers } = await post({ ...EVENT, subject: "s", data: { big: 1 } });
    expect([status, body["task"], headers.get("location")]).toEqual([
      202,
      "orders.created",
      `/v1/tasks/${String(body["id"])}`,
    ]);
    expect(await nextCall(app)).toMatchObject({
      task: "orders.created",
      args: [{ big: 1 }],
      kwargs: { subject: "s" },
    });
  });

  it("in binary mode becomes the same task", async () => {
    const { app, post } = await openEvents();
    const headers = {
      ...BINARY,
      "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80",
      "content-type": "application/json; charset=utf-8",
    };
    expect((await post('{"big":123456789012345678901}', headers)).status).toBe(202);
    expect(await nextCall(app)).toMatchObject({
      task: "orders.created",
      args: [{ big: 123456789012345678901n }],
      kwargs: { subject: "Euro € 😀" },
    });
  });

  it.each([
    ["bytes", { "content-type": "application/octet-stream" }, Buffer.from([0, 255]), { data_base64: "AP8=" }],
    ["text", { "content-type": "text/plain" }, Buffer.from("é"), { data: "é" }],
    ["JSON of a kind", { "content-type": "application/vnd.x+json" }, Buffer.from("null"), { data: null }],
    ["nothing", { "content-type": "application/json" }, Buffer.alloc(0), {}],
  ])("in binary mode with %s is the same as in structured mode", async (_what, type, body, data) => {
    const { app, post } = await openEvents();
    const headers = { ...BINARY, "ce-type": "com.example.all", "ce-comexampleextension": "5", ...type };
    expect((await post(body, headers)).status).toBe(202);
    const { args } = await nextCall(app);
    expect(args).toEqual([
      {
        ...{ specversion: "1.0", id: "A234-1234-1234", source: "/mycontext", type: "com.example.all" },
        ...{ comexampleextension: "5", datacontenttype: type["content-type"] },
        ...data,
      },
    ]);
  });

  it("in a structured form may have bytes, extensions and attributes that are null", async () => {
    const { app, post } = await openEvents();
    const { data: _data, ...event } = EVENT;
    const sent = {
      ...event,
      type: "com.example.all",
      data_base64: "AP8=",
      ext: 5,
      flag: true,
      subject: null,
    };
    expect((await post(sent)).status).toBe(202);
    const { subject: _subject, ...kept } = sent;
    expect((await nextCall(app)).args).toEqual([kept]);
  });

  it("hands its trace on, and not that of the hop", async () => {
    const { app, post } = await openEvents();
    const [traceparent, hop] = ["1", "2"].map(
      (n) => `00-0af7651916cd43dd8448eb211c80319${n}-b7ad6b7169203331-01`,
    );
    await post({ ...EVENT, traceparent, tracestate: "a=1" }, { ...STRUCTURED, traceparent: String(hop) });
    await post({ ...EVENT, id: "2" }, { ...STRUCTURED, traceparent: String(hop) });
    expect((await nextCall(app)).headers).toMatchObject({ traceparent, tracestate: "a=1" });
    expect((await nextCall(app)).headers).toMatchObject({ traceparent: hop });
  });

  it("that comes again sends nothing, whatever mode it comes in", async () => {
    const { app, post } = await openEvents();
    const first = await post(EVENT);
    const again = await post({ ...EVENT, data: "other" });
    const binary = await post("{}", { ...BINARY, "content-type": "application/json" });
    for (const answer of [again, binary])
      expect(answer).toMatchObject({ status: 200, body: { id: first.body["id"], duplicate: true } });
    for (const other of [{ id: "B" }, { source: "/other" }])
      expect((await post({ ...EVENT, ...other })).status).toBe(202);
    expect(await takeCalls(app, 3)).toHaveLength(3);
  });

  it("that no rule fits is 204, or 422 where the gateway says so", async () => {
    const { post } = await openEvents();
    const other = { ...EVENT, type: "com.example.other" };
    expect((await post(other)).status).toBe(204);
    const strict = await openEvents({ cloudEvents: { ...RULES, unmatched: "refuse" } });
    expect((await strict.post(other)).status).toBe(422);
  });

  it("is not taken where there are no rules", async () => {
    const { url } = await openGateway();
    const answer = await send(`${url}/v1/events`, JSON.stringify(EVENT), STRUCTURED);
    expect([answer.status, answer.body["type"]]).toEqual([404, "/problems/not-found"]);
    expect((await fetch(`${url}/v1/events`, { method: "OPTIONS" })).status).toBe(405);
  });
});

describe("what the specification does not allow is refused where it is wrong:", () => {
  const without = (name: string) => Object.fromEntries(Object.entries(EVENT).filter(([key]) => key !== name));

  it.each([
    ["no id", without("id"), "/id"],
    ["no source", without("source"), "/source"],
    ["no type", without("type"), "/type"],
    ["no specversion", without("specversion"), "/specversion"],
    ["an id that is null", { ...EVENT, id: null }, "/id"],
    ["an id that is empty", { ...EVENT, id: "" }, "/id"],
    ["an id that is a number", { ...EVENT, id: 5 }, "/id"],
    ["another version", { ...EVENT, specversion: "0.3" }, "/specversion"],
    ["a source with a space", { ...EVENT, source: "/my context" }, "/source"],
    ["a schema that is relative", { ...EVENT, dataschema: "/schema" }, "/dataschema"],
    ["a time that is none", { ...EVENT, time: "2018-04-05" }, "/time"],
    ["a time in the 25th hour", { ...EVENT, time: "2018-04-05T25:00:00Z" }, "/time"],
    ["a control character", { ...EVENT, subject: "a\u0001" }, "/subject"],
    ["a character that is none", { ...EVENT, subject: "a\uffff" }, "/subject"],
    ["a media type that is none", { ...EVENT, datacontenttype: "json" }, "/datacontenttype"],
    ["a name in upper case", { ...EVENT, comExample: "x" }, "/comExample"],
    ["a name with a path in it", { ...EVENT, "a/b": "x" }, "/a~1b"],
    ["an extension that is an object", { ...EVENT, ext: {} }, "/ext"],
    ["an extension beyond 32 bits", { ...EVENT, ext: 2 ** 31 }, "/ext"],
    ["an extension that is a fraction", { ...EVENT, ext: 0.5 }, "/ext"],
    ["data twice", { ...EVENT, data_base64: "AA==" }, "/data"],
    ["bytes that are no base64", { ...without("data"), data_base64: "A" }, "/data_base64"],
    ["JSON where there should be text", { ...EVENT, datacontenttype: "text/xml" }, "/data"],
    [
      "too many attributes",
      { ...EVENT, ...Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`a${n}`, 1])) },
      "",
    ],
    ["no object", [EVENT], ""],
  ])("%s", async (_what, event, pointer) => {
    const { post } = await openEvents();
    const { status, body } = await post(event);
    expect(status).toBe(422);
    expect((body["errors"] as { pointer: string }[]).map((error) => error.pointer)).toContain(pointer);
  });

  it.each([
    ["no attributes", { "ce-id": "" }, 422],
    ["a type as a header of its own", { "ce-datacontenttype": "application/json" }, 422],
    ["bytes that are no UTF-8", { "ce-subject": "%C0%A0" }, 422],
    ["a percent sign alone", { "ce-subject": "50%" }, 422],
    ["data as a header", { "ce-data": "x" }, 422],
    ["a body that is not JSON", {}, 400],
  ])("in binary mode, %s", async (_what, headers, status) => {
    const { post } = await openEvents();
    const answer = await post("{", { ...BINARY, "content-type": "application/json", ...headers });
    expect(answer.status).toBe(status);
  });

  it.each([
    ["another format of events", { "content-type": "application/cloudevents+avro" }],
    ["another character set", { "content-type": "application/cloudevents+json; charset=utf-16" }],
    ["no event at all", { "content-type": "application/json" }],
    ["a compressed body", { ...STRUCTURED, "content-encoding": "gzip" }],
  ])("%s is 415", async (_what, headers) => {
    const { post } = await openEvents();
    const answer = await post(EVENT, headers);
    expect(answer.status).toBe(415);
  });

  it.each([
    ["plain", "plain"],
    ["%41%e2%82%ac", "A€"],
    ["%2541", "%41"],
    ['"a b"', "a b"],
    ['"a \\"b\\" \\\\ %20"', 'a "b" \\  '],
    ['"', '"'],
    [Buffer.from("é€").toString("latin1"), "é€"],
  ])("but the header %j is %j", (header, text) => {
    expect(decodeHeader(header, "x")).toBe(text);
  });
});

describe("a batch", () => {
  it("is taken event by event", async () => {
    const { app, post } = await openEvents();
    await post(EVENT);
    const events = [
      EVENT,
      { ...EVENT, id: "2" },
      { ...EVENT, id: "3", type: "other" },
      { ...EVENT, id: "2" },
    ];
    const { status, body } = await post(events, BATCH);
    expect(status).toBe(202);
    const results = body["events"] as Record<string, unknown>[];
    expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
      ["A234-1234-1234", "duplicate"],
      ["2", expect.stringMatching(/accepted|duplicate/)],
      ["3", "ignored"],
      ["2", expect.stringMatching(/accepted|duplicate/)],
    ]);
    expect(results[1]?.["task_id"]).toBe(results[3]?.["task_id"]);
    expect(await takeCalls(app, 2)).toHaveLength(2);
    expect((await post(events, BATCH)).status).toBe(200);
    expect((await post([], BATCH)).body).toEqual({ events: [] });
  });

  it("with one that is wrong sends nothing", async () => {
    const { app, post } = await openEvents();
    const refused = await post([EVENT, { ...EVENT, id: "" }], BATCH);
    expect([refused.status, refused.body["errors"]]).toEqual([
      422,
      [{ pointer: "/1/id", detail: "must not be empty" }],
    ]);
    const bytes = { ...EVENT, id: "b", type: "com.example.bytes" };
    expect((await post([EVENT, bytes], BATCH)).status).toBe(422);
    const envelope = { ...EVENT, id: "c", data: { __type__: "datetime", __value__: "x" } };
    expect((await post([EVENT, envelope], BATCH)).body["type"]).toBe("/problems/reserved-envelope");
    const sent = await post(EVENT);
    expect(sent.status).toBe(202);
    expect((await nextCall(app)).headers["id"]).toBe(sent.body["id"]);
  });

  it("has bounds", async () => {
    const { post } = await openEvents();
    const many = Array.from({ length: 1001 }, (_, n) => ({ ...EVENT, id: String(n) }));
    expect((await post(many, BATCH)).status).toBe(413);
    expect((await post({}, BATCH)).status).toBe(422);
  });
});

describe("the handshake", () => {
  const ask = async (headers: Record<string, string>) => {
    const { url } = await openEvents();
    const answer = await fetch(`${url}/v1/events`, { method: "OPTIONS", headers });
    const of = (name: string) => answer.headers.get(`webhook-allowed-${name}`);
    return {
      status: answer.status,
      allow: answer.headers.get("allow"),
      origin: of("origin"),
      rate: of("rate"),
    };
  };

  it.each([
    ["eventemitter.example.com", {}, "eventemitter.example.com", "120"],
    ["EventGrid.azure.net", { "webhook-request-rate": "60" }, "EventGrid.azure.net", "60"],
    ["eventgrid.azure.net", { "webhook-request-rate": "1000" }, "eventgrid.azure.net", "120"],
    ["azure.net", {}, null, null],
    ["evil-azure.net", {}, null, null],
    ["other.example.com", {}, null, null],
    ["*", {}, null, null],
  ])("with %s, %j allows %s at %s", async (from, headers, origin, rate) => {
    const answer = await ask({ "webhook-request-origin": from, ...headers });
    expect(answer).toEqual({ status: 200, allow: "GET, HEAD, POST, OPTIONS", origin, rate });
  });

  it("of nobody allows nothing", async () => {
    expect(await ask({})).toMatchObject({ status: 200, origin: null, rate: null });
  });
});

describe("rules for events", () => {
  it.each([
    [{ rules: [] }, "/rules"],
    [{ rules: [{ task: "t", when: { header: "ce-type", equals: "x" } }] }, "an event has attributes"],
    [{ rules: [{ task: "t", args: [{ $header: "ce-id" }] }] }, "an event has attributes"],
    [{ rules: [{ task: "t" }], other: 1 }, "is not an option"],
  ])("%j are refused when the gateway is made", async (cloudEvents, message) => {
    const made = openGateway({ cloudEvents: cloudEvents as EventOptions });
    await expect(made).rejects.toThrow(ConfigurationError);
    await expect(openGateway({ cloudEvents: cloudEvents as EventOptions })).rejects.toThrow(message);
  });
});
