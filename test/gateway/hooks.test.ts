/** Webhooks that come in: who may send them, what is taken once, and what becomes of it. */
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import type { HookOptions } from "../../gateway/hooks/hook-options.ts";
import { signSample } from "../../gateway/hooks/sign-sample.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import type { StateStore } from "../../gateway/state/state-store.ts";
import { openHooks, SECRET, send, takeCalls, WHOLE_BODY, WHSEC } from "./hooks-place.ts";

const KINDS: Readonly<Record<string, HookOptions>> = {
  "standard-webhooks": { verifier: "standard-webhooks", secrets: [WHSEC], ...WHOLE_BODY },
  github: { verifier: "github", secrets: [SECRET], ...WHOLE_BODY },
  stripe: { verifier: "stripe", secrets: [SECRET], ...WHOLE_BODY },
  slack: { verifier: "slack", secrets: [SECRET], ...WHOLE_BODY },
  hmac: {
    verifier: "hmac",
    secrets: [SECRET],
    hmac: {
      header: "X-Sig",
      algorithm: "sha512",
      encoding: "base64",
      prefix: "v1=",
      timestamp: { header: "X-Time" },
    },
    ...WHOLE_BODY,
  },
  "hmac without a time": { verifier: "hmac", secrets: [SECRET], hmac: { header: "X-Sig" }, ...WHOLE_BODY },
  basic: { verifier: "basic", secrets: [SECRET], basic: { username: "shop" }, ...WHOLE_BODY },
  "api-key": {
    verifier: "api-key",
    secrets: [SECRET],
    api_key: { header: "X-Key", prefix: "Key " },
    ...WHOLE_BODY,
  },
};
const SIGNED = Object.keys(KINDS).filter((kind) => !["basic", "api-key"].includes(kind));
const TIMED = ["standard-webhooks", "stripe", "slack", "hmac"];

/** A hook of the kind, named "h". */
function hookOf(kind: string): Readonly<Record<string, HookOptions>> {
  const options = KINDS[kind];
  if (options === undefined) throw new Error(`There is no kind ${kind}.`);
  return { h: options };
}

const BODY = '{"id":"evt_1","n":1}';

function minutesFromNow(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}

describe.each(Object.keys(KINDS))("a hook with %s", (kind) => {
  it("sends the task of a delivery that is signed", async () => {
    const { app, deliver } = await openHooks(hookOf(kind));
    const { status, body, headers } = await deliver("h", BODY);
    expect(status).toBe(202);
    expect(body).toMatchObject({ task: "got", duplicate: false });
    expect(headers.get("location")).toBe(`/v1/tasks/${String(body["id"])}`);
    const [call] = await takeCalls(app, 1);
    expect(call?.headers).toMatchObject({ id: body["id"], task: "got" });
  });

  it("answers everything else with the same 401, and nothing is created", async () => {
    const { app, url, deliver, manage } = await openHooks(hookOf(kind));
    const options = hookOf(kind)["h"];
    if (options === undefined) throw new Error("no options");
    const signature = Object.keys(
      signSample({
        options,
        secret: kind === "standard-webhooks" ? WHSEC : SECRET,
        body: Buffer.from(BODY),
        now: new Date(),
      }),
    );
    const other = kind === "standard-webhooks" ? `${WHSEC.slice(0, -4)}AAAA` : "another secret";
    const answers = [
      await deliver("h", BODY, { secret: other }),
      await send(`${url}/v1/hooks/h`, BODY, { "content-type": "application/json" }),
      ...(await Promise.all(
        signature
          .filter((name) => !["webhook-id"].includes(name))
          .map((name) => deliver("h", BODY, { headers: { [name]: "sha1=00,v9=zz" } })),
      )),
    ];
    if (TIMED.includes(kind)) {
      answers.push(await deliver("h", BODY, { now: minutesFromNow(-6) }));
      answers.push(await deliver("h", BODY, { now: minutesFromNow(6) }));
    }
    for (const { status, body } of answers) {
      expect(status).toBe(401);
      expect(body).toEqual(answers[0]?.body);
    }
    expect((await manage("GET", "/h/deliveries")).body["deliveries"]).toEqual([]);
    expect((await manage("GET", "/h")).body["counts"]).toMatchObject({
      refused: answers.length,
      accepted: 0,
    });
    const { body } = await deliver("h", BODY);
    // The first message is that of the good delivery.
    const [call] = await takeCalls(app, 1);
    expect(call?.headers).toMatchObject({ id: body["id"] });
  });

  it("takes the old and the new secret while both count", async () => {
    const standard = kind === "standard-webhooks";
    const [old, fresh, gone] = standard
      ? [
          WHSEC,
          `whsec_${Buffer.alloc(24, 1).toString("base64")}`,
          `whsec_${Buffer.alloc(24, 2).toString("base64")}`,
        ]
      : ["old", "fresh", "gone"];
    const { h } = hookOf(kind);
    if (h === undefined) throw new Error("no options");
    const secrets = [
      fresh,
      { secret: old, valid_until: minutesFromNow(60).toISOString() },
      { secret: gone, valid_until: minutesFromNow(-1).toISOString() },
    ] as HookOptions["secrets"] & object;
    const { deliver } = await openHooks({ h: { ...h, secrets } });
    const statuses: number[] = [];
    for (const [at, secret] of [old, fresh, gone].entries())
      statuses.push((await deliver("h", `{"id":"evt_${at}"}`, { secret })).status);
    expect(statuses).toEqual([202, 202, 401]);
  });
});

describe.each(SIGNED)("a delivery signed with %s", (kind) => {
  it("is a duplicate when it comes again, and sends nothing", async () => {
    const { app, url, manage } = await openHooks(hookOf(kind));
    const options = hookOf(kind)["h"];
    if (options === undefined) throw new Error("no options");
    const secret = kind === "standard-webhooks" ? WHSEC : SECRET;
    const headers = {
      "content-type": "application/json",
      ...signSample({ options, secret, body: Buffer.from(BODY), now: new Date() }),
    };
    const first = await send(`${url}/v1/hooks/h`, BODY, headers);
    const again = await send(`${url}/v1/hooks/h`, BODY, headers);
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toMatchObject({ id: first.body["id"], duplicate: true });
    await send(`${url}/v1/tasks`, '{"task":"last"}', { "content-type": "application/json" });
    const calls = await takeCalls(app, 2);
    expect(calls.map(({ headers }) => headers["task"])).toEqual(["got", "last"]);
    expect((await manage("GET", "/h")).body["counts"]).toMatchObject({ accepted: 1, duplicate: 1 });
    expect((await manage("GET", "/h/deliveries")).body["deliveries"]).toHaveLength(1);
  });
});

interface Vectors {
  readonly standard_webhooks: readonly Record<
    "name" | "id" | "body" | "verifying_secret" | "signature",
    string
  >[];
  readonly vendors: readonly {
    readonly name: "github" | "slack";
    readonly secret: string;
    readonly now: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }[];
}

describe("the senders' own published examples", () => {
  const file = new URL("../../conformance/vectors/webhooks.json", import.meta.url);
  const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

  it.each(vectors.vendors)("of $name are taken", async ({ name, secret, now, headers, body }) => {
    vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 });
    try {
      const format = name === "slack" ? "form" : "text";
      const { url } = await openHooks({ h: { verifier: name, secrets: [secret], format, ...WHOLE_BODY } });
      expect((await send(`${url}/v1/hooks/h`, body, headers)).status).toBe(202);
      expect((await send(`${url}/v1/hooks/h`, `${body} `, headers)).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(vectors.standard_webhooks)("of Standard Webhooks, $name, are taken", async (vector) => {
    const seconds = 1614265330;
    vi.useFakeTimers({ toFake: ["Date"], now: seconds * 1000 });
    try {
      const h: HookOptions = {
        verifier: "standard-webhooks",
        secrets: [vector.verifying_secret],
        ...WHOLE_BODY,
      };
      const { url } = await openHooks({ h });
      const headers = {
        "content-type": "application/json",
        "webhook-id": vector.id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": vector.signature,
      };
      expect((await send(`${url}/v1/hooks/h`, vector.body, headers)).status).toBe(202);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a delivery", () => {
  it("keeps its numbers exact", async () => {
    const { app, deliver } = await openHooks(hookOf("stripe"));
    await deliver("h", '{"id":"evt_2","big":123456789012345678901234567890,"f":1.5}');
    const [call] = await takeCalls(app, 1);
    expect(call?.args).toEqual([{ id: "evt_2", big: 123456789012345678901234567890n, f: 1.5 }]);
  });

  it("that was written again on its way is refused, and the log says so", async () => {
    const warn = vi.fn<(facts: object, message: string) => void>();
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn, error: quiet };
    const { deliver, manage } = await openHooks(hookOf("github"), { logger });
    const sent = Buffer.from('{"a":1,"b":"é"}');
    const { h: options } = hookOf("github");
    if (options === undefined) throw new Error("no options");
    const headers = signSample({ options, secret: SECRET, body: sent, now: new Date() });
    expect((await deliver("h", '{"a": 1, "b": "é"}', { headers })).status).toBe(401);
    const refused = (await manage("GET", "/h")).body["last_refusal"];
    expect(refused).toMatchObject({
      reason: expect.stringContaining("bad_signature"),
      hint: expect.stringContaining("re-serialised"),
    });
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ hook: "h", hint: expect.stringContaining("re-serialised") }),
      "A delivery was refused",
    );
    await deliver("h", '{"a": 2}', { headers });
    expect((await manage("GET", "/h")).body["last_refusal"]).not.toHaveProperty("hint");
  });

  it.each([
    ["as JavaScript", '{"a":[1,{}],"b":"é/\\n"}'],
    ["as Python", '{"a": [1, {}], "b": "\\u00e9/\\n"}'],
    ["as Python without escapes", '{"a": [1, {}], "b": "é/\\n"}'],
    ["as PHP", '{"a":[1,{}],"b":"\\u00e9\\/\\n"}'],
    ["in lines", '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": "é/\\n"\n}'],
  ])("that was written %s, and arrives otherwise, is told apart from a wrong one", async (_what, sent) => {
    const { deliver, manage } = await openHooks(hookOf("github"));
    const { h: options } = hookOf("github");
    if (options === undefined) throw new Error("no options");
    const headers = signSample({ options, secret: SECRET, body: Buffer.from(sent), now: new Date() });
    const arrived = '{ "a": [ 1, {} ], "b": "é/\\n" }';
    expect(JSON.parse(arrived)).toEqual(JSON.parse(sent));
    await deliver("h", arrived, { headers });
    expect((await manage("GET", "/h")).body["last_refusal"]).toHaveProperty("hint");
  });

  it("that could not be sent is sent when it comes again, with the same id", async () => {
    const { app, deliver, manage } = await openHooks(hookOf("stripe"));
    const publish = vi.spyOn(app, "publish").mockRejectedValueOnce(new Error("the process ends here"));
    expect((await deliver("h", BODY)).status).toBe(500);
    const tried = publish.mock.calls[0]?.[0].id;
    const again = await deliver("h", BODY);
    expect(again).toMatchObject({ status: 202, body: { id: tried, duplicate: false } });
    const { deliveries } = (await manage("GET", "/h/deliveries")).body as {
      deliveries: { outcome: string }[];
    };
    expect(deliveries.map(({ outcome }) => outcome)).toEqual(["accepted", "failed"]);
  });

  it("whose process ends before it is sent is refused while that may still send, and then sent with the same id", async () => {
    const stateStore = createMemoryState();
    // A process that ends writes nothing more: neither the end of the claim nor that it failed.
    const { unlisted } = stateStore;
    const ending: StateStore = {
      ...stateStore,
      unlisted: {
        get: (kind, key) => unlisted.get(kind, key),
        add: (kind, key, value, options) => unlisted.add(kind, key, value, options),
        delete: () => Promise.reject(new Error("the process has ended")),
        put: () => Promise.reject(new Error("the process has ended")),
        putAll: () => Promise.reject(new Error("the process has ended")),
      },
    };
    const lost = await openHooks(hookOf("github"), { stateStore: ending, limits: { closeGraceMs: 1 } });
    const publish = vi.spyOn(lost.app, "publish").mockReturnValue(new Promise(() => undefined));
    const unanswered = lost.deliver("h", BODY).catch(() => undefined);
    await vi.waitFor(() => expect(publish).toHaveBeenCalled());
    const id = publish.mock.calls[0]?.[0].id;
    const { app, deliver } = await openHooks(hookOf("github"), { stateStore });
    const busy = await deliver("h", BODY);
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "1"]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    try {
      expect(await deliver("h", BODY)).toMatchObject({ status: 202, body: { id, duplicate: false } });
      expect(await deliver("h", BODY)).toMatchObject({ status: 200, body: { id, duplicate: true } });
    } finally {
      vi.useRealTimers();
    }
    const [call] = await takeCalls(app, 1);
    expect(call?.headers["id"]).toBe(id);
    await lost.gateway.close();
    await unanswered;
  });

  it("for a hook that there is not is 404", async () => {
    const { deliver } = await openHooks({});
    expect((await deliver("none", BODY)).body["type"]).toBe("/problems/unknown-hook");
  });

  it("without a verifier is taken on this machine, with a warning", async () => {
    const warnings: string[] = [];
    const warn = (_facts: object, message: string): void => void warnings.push(message);
    const quiet = (): void => undefined;
    const { deliver } = await openHooks(
      { h: { verifier: "none", ...WHOLE_BODY } },
      { logger: { debug: quiet, info: quiet, warn, error: quiet } },
    );
    expect(warnings.join()).toContain("The hook h has the verifier none");
    expect((await deliver("h", BODY)).status).toBe(202);
    expect((await deliver("h", BODY)).status).toBe(202);
  });

  it("of an api-key is told from others by what the hook says", async () => {
    const { h } = hookOf("api-key");
    if (h === undefined) throw new Error("no options");
    const { deliver } = await openHooks({ h: { ...h, delivery_id: { $header: "x-request-id" } } });
    const of = (id: string) => deliver("h", BODY, { headers: { "x-request-id": id } });
    expect([(await of("a")).status, (await of("a")).status, (await of("b")).status]).toEqual([202, 200, 202]);
    expect((await deliver("h", BODY)).status).toBe(422);
  });

  it("of a body that is too large is refused before it is looked at", async () => {
    const { deliver } = await openHooks(hookOf("github"), { limits: { bodyBytes: 1000 } });
    expect((await deliver("h", "x".repeat(1001))).status).toBe(413);
  });
});

describe("greetings", () => {
  it("of Slack get their challenge back, when it is Slack", async () => {
    const { deliver } = await openHooks(hookOf("slack"));
    const body = '{"type":"url_verification","token":"x","challenge":"3eZbrw1a"}';
    const answer = await deliver("h", body);
    expect([answer.status, answer.body["text"]]).toEqual([200, "3eZbrw1a"]);
    expect((await deliver("h", body, { secret: "wrong" })).status).toBe(401);
  });

  it("of GitHub get an answer, and send no task", async () => {
    const { deliver, manage } = await openHooks(hookOf("github"));
    const answer = await deliver("h", '{"zen":"Design for failure."}', {
      headers: { "x-github-event": "ping" },
    });
    expect([answer.status, answer.body["text"]]).toEqual([200, "pong"]);
    expect((await manage("GET", "/h")).body["counts"]).toMatchObject({ greeted: 1, accepted: 0 });
  });
});

describe("forms", () => {
  const form: HookOptions = {
    verifier: "slack",
    secrets: [SECRET],
    json_fields: ["payload"],
    rules: [
      { task: "t", kwargs: { user: { $ptr: "/payload/user/id" }, tags: { $ptr: "/tag", required: false } } },
    ],
  };
  const type = { "content-type": "application/x-www-form-urlencoded" };

  it("are read with the JSON within them", async () => {
    const { app, deliver } = await openHooks({ h: form });
    const body = `payload=${encodeURIComponent('{"user":{"id":"U1"}}')}&tag=a+b&tag=%C3%A9`;
    expect((await deliver("h", body, { headers: type })).status).toBe(202);
    const [call] = await takeCalls(app, 1);
    expect(call?.kwargs).toEqual({ user: "U1", tags: ["a b", "é"] });
  });

  it.each([
    ["a broken escape", "payload=%zz", 422],
    ["bytes that are no UTF-8", "payload=%ff", 422],
    ["JSON that is none", "payload={", 400],
    ["JSON that nests too deep", `payload=${"[".repeat(100)}`, 400],
    ["too many fields", "a=1&".repeat(1001), 422],
    ["what is not there", "other=1", 422],
    ["a name that is none", "__proto__=1&payload=%7B%7D", 422],
  ])("with %s are refused", async (_what, body, status) => {
    const { deliver } = await openHooks({ h: form });
    expect((await deliver("h", body, { headers: type })).status).toBe(status);
  });
});

describe("hostile bodies of a sender that is known", () => {
  it.each([
    ["not JSON", "{", 400],
    ["a key twice", '{"a":1,"a":2}', 400],
    ["too deep", "[".repeat(5000) + "]".repeat(5000), 400],
    ["half a surrogate", '{"a":"\\ud800"}', 400],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400],
    ["kombu's own envelope", '{"__type__":"datetime","__value__":"x"}', 422],
  ])("%s", async (_what, body, status) => {
    const { deliver, manage } = await openHooks(hookOf("github"));
    const answer = await deliver("h", body);
    expect(answer.status).toBe(status);
    const { deliveries } = (await manage("GET", "/h/deliveries")).body as { deliveries: object[] };
    expect(deliveries).toMatchObject([{ outcome: "failed", error: expect.any(String) }]);
  });

  it("of another type, or compressed", async () => {
    const { deliver } = await openHooks(hookOf("github"));
    expect((await deliver("h", "x", { headers: { "content-type": "text/plain" } })).status).toBe(415);
    expect((await deliver("h", "x", { headers: { "content-encoding": "gzip" } })).status).toBe(415);
  });
});
