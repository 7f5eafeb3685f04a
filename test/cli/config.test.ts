/** Configuration files: what is right, what is wrong, and that no secret is ever shown. */
import { existsSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { load } from "js-yaml";
import { afterEach, describe, expect, it, test, vi } from "vitest";
import { editorSchema } from "../../cli/config/schema.ts";
import { config, configFile, problemsOf } from "./config-place.ts";

afterEach(() => void vi.unstubAllEnvs());

/** Something of every section. */
const FULL = `
app:
  broker_url: [amqp://127.0.0.1//, redis://127.0.0.1/0]
  resultBackend: redis://u:hunter2@127.0.0.1/1
  task_queues: { mail: { exchange: mail } }
  task_routes: { "mail.*": { queue: mail } }
  task_acks_late: true
  result_expires: 60
  timezone: null
gateway:
  listen: { host: 127.0.0.1, port: 0 }
  public_url: https://tasks.example.com
  data_dir: /var/lib/celerity
  state: redis://u:hunter2@127.0.0.1/2
  state_transport_options: { masterName: main }
  schedules: database
  queues: [mail]
  limits: { body_bytes: 1000, waits: 5 }
  wait_max_seconds: 10
  lost_after_seconds: 60
  idempotency_seconds: 60
  hold_after_seconds: 0
  access:
    failures_per_minute: 5
    jwt:
      jwks: https://id.example.com/keys
      issuer: https://id.example.com
      audience: tasks
      clock_tolerance_seconds: 5
      policy: { submit: ["shop.*"], quotas: { submit: { quota: 100, window: 60 } } }
    users:
      - { name: flower, password: hunter2, policy: { scopes: [admin], read: all } }
    tenants: { acme: { queue_prefix: acme. } }
  hooks:
    repo:
      verifier: github
      tolerance_seconds: 60
      secrets: [hunter2, { env: HUNTER }]
      rules:
        - when: { header: x-github-event, equals: push }
          task: git.pushed
          args: [{ $ptr: /repository/full_name }]
  cloud_events: { rules: [{ task: t }], allowed_origins: ["*"] }
  webhooks: { secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw], timeout_ms: 1000, schedule_seconds: [0, 1] }
  egress: { allow_cidrs: [10.0.0.0/8], allow_ports: [8080], proxy_url: "http://u:hunter2@proxy:3128" }
  flower_api: false
  watch_workers: true
  enable_task_events: false
  access_log: true
  audit_log: audit.jsonl
  allow_unauthenticated: false
  allow_traceback: false
worker: { queues: [a, b], concurrency: 2, autoscale: { max: 3, min: 1 }, metrics_port: 0 }
beat: { lock: redis://u:hunter2@127.0.0.1/3, max_interval: 5 }
log: { level: debug, format: json }
`;

describe("check", () => {
  it("finds nothing wrong with something of every section", async () => {
    vi.stubEnv("HUNTER", "hunter2");
    expect(await problemsOf(FULL)).toEqual([]);
    expect(existsSync("audit.jsonl")).toBe(false);
  });

  test.each([
    ["gatway: {}", "file:1: gatway: There is no such option; did you mean gateway?"],
    [
      "app:\n  task_ack_late: 1",
      "file:2: app.task_ack_late: There is no such option; did you mean task_acks_late?",
    ],
    ["app: { CELERY_ACKS_LATE: 1 }", "did you mean task_acks_late?"],
    ["app: { brokerurl: redis://x }", "did you mean broker_url?"],
    ["app: { nonsense_of_mine: 1 }", "There is no such setting"],
    ["app: { task_acks_late: 3 }", "app.task_acks_late: It must be of type boolean."],
    ["app: { result_expires: -1 }", "app.result_expires: It must be >= 0."],
    ['app: { accept_content: ["a,b"] }', "app.accept_content[0]: It must match pattern"],
    ["app: { task_serializer: json, taskSerializer: json }", "It is there as taskSerializer, too; keep one."],
    ["app: { message_sealing: loud }", "app: messageSealing must be one of off"],
    ["gateway: { flowerApi: true }", "did you mean flower_api?"],
    ["gateway: { body_bytes: 1 }", "did you mean gateway.limits.body_bytes?"],
    [
      "gateway: { listen: { port: 65536 } }",
      "gateway.listen.port: It must be <= 65535. It is: Port to listen on",
    ],
    ["gateway: { limits: { waits: 0 } }", "gateway.limits.waits: It must be >= 1."],
    ["gateway: { access: { jwt: { issuer: x } } }", 'gateway.access.jwt: "jwks" is required.'],
    [
      "gateway: { access: { users: [{ name: a:b, password: x }] } }",
      "gateway.access: A user needs a name without a colon",
    ],
    [
      "gateway: { access: { tenants: { a: { queue_prefix: x }, b: { queue_prefix: xy } } } }",
      "gateway.access: The queue prefix of a begins that of b",
    ],
    ["gateway: { state: ftp://x }", "gateway.state: stateUrl"],
    [
      "gateway: { hooks: { a: { verifier: gihub, rules: [{ task: t }] } } }",
      "gateway.hooks.a.verifier: It must be one of standard-webhooks, github",
    ],
    [
      "gateway: { hooks: { a/b: { verifier: none, rules: [{ task: t }] } } }",
      "gateway.hooks: The hook a/b is wrong",
    ],
    [
      "gateway: { hooks: { a: { verifier: none, rules: [{ task: t, queue: q }], name: a } } }",
      "gateway.hooks.a.name: There is no such option",
    ],
    [
      "gateway: { cloud_events: { rules: [] } }",
      "gateway.cloud_events.rules: It must NOT have fewer than 1 items",
    ],
    ["gateway: { webhooks: { secrets: [abc] } }", "gateway.webhooks"],
    ["gateway: { egress: { allow_cidrs: [ten] } }", "gateway.egress"],
    ["worker: { pool_for: [{ queues: [a] }] }", 'worker.pool_for[0]: "pool" is required.'],
    ["beat: { max_interval: 0 }", "beat.max_interval: It must be > 0."],
    ["log: { level: loud }", "log.level: It must be one of debug, info, warning, error, critical, fatal."],
  ])("%s", async (text, message) => {
    expect((await problemsOf(text)).join("\n")).toContain(message);
  });

  it("says all of it at once", async () => {
    expect(await problemsOf("app: { a_b_c_d: 1 }\ngateway: { listen: { port: x } }\nlog: 3")).toHaveLength(3);
  });

  test.each([
    "webhooks: { secrets: [hunter2] }",
    "webhooks: { signing_key: '-----BEGIN PRIVATE KEY----- hunter2' }",
    "egress: { proxy_url: hunter2 }",
    "state: hunter2://hunter2",
    "access: { users: [{ name: a, password: [hunter2] }] }",
    "hooks: { a: { verifier: standard-webhooks, secrets: [hunter2], rules: [{ task: t }] } }",
  ])("names no value: %s", async (text) => {
    const problems = await problemsOf(`gateway: { ${text} }`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain("hunter2");
  });

  it("warns of settings that have no effect here, and says nothing of those that are not needed", async () => {
    const file = await configFile("app: { worker_agent: x, result_cache_max: 1 }");
    const { code, text } = await config("check", file);
    expect(code).toBe(0);
    expect(text).toContain("app.worker_agent: It has no effect:");
    expect(text).not.toContain("result_cache_max");
  });

  it("exits with 1 for a file that is not there", async () => {
    expect(await config("check", "/nowhere/celerity.yaml")).toEqual({
      code: 1,
      text: expect.stringContaining("/nowhere/celerity.yaml cannot be read"),
    });
  });
});

describe("hostile files", () => {
  const aliases = Array.from({ length: 30 }, (_, at) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(10)}]`);
  test.each([
    [
      "a bomb of aliases",
      `a-1: &a-1 x\n${aliases.join("\n")}`,
      "Anchors and aliases (& and *) are not supported",
    ],
    ["an anchor", "app: &x {}", "Anchors and aliases"],
    ["merge keys", "app:\n  <<: { task_acks_late: true }", 'app["<<"]: There is no such setting'],
    ["a key twice", "app: {}\napp: {}", "file:2: It is not YAML: duplicated mapping key."],
    ["two documents", "app: {}\n---\napp: {}", "more than one YAML document"],
    ["a list", "[1]", "It must be a mapping of sections"],
    ["a text", "hunter2", "It must be a mapping of sections"],
    ["another's tag", "app: !!js/function x", "unknown"],
    ["a key that is no text", "? [a]\n: 1", "does not support complex keys"],
    ["depth", `app: ${"[".repeat(10_000)}`, "nesting exceeded maxDepth (32)"],
    ["a prototype", "__proto__: { app: {} }", "__proto__: There is no such option"],
    [
      "a hook named like one",
      "gateway: { hooks: { __proto__: { verifier: none, rules: [{ task: t }] } } }",
      "gateway.hooks: The hook __proto__ is wrong",
    ],
    ["a broken quote", 'app: { broker_url: "redis://:hunter2', "It is not YAML"],
  ])("%s", async (_name, text, message) => {
    const problems = (await problemsOf(text)).join("\n");
    expect(problems).toContain(message);
    expect(problems).not.toContain("hunter2");
  });

  it("more than a megabyte, even without an end", async () => {
    expect((await problemsOf(Buffer.alloc(2 ** 21, "#"))).join()).toContain("is larger than 1048576 bytes");
    expect((await config("check", "/dev/zero")).text).toContain("is larger than 1048576 bytes");
  });

  it("bytes that are no text", async () => {
    expect(await problemsOf(Buffer.from([0xff, 0xfe, 0x00, 0x41]))).toHaveLength(1);
  });
});

describe("references", () => {
  it("stand for a variable, or for a file without its last line break", async () => {
    const secret = await configFile("from a file\n");
    vi.stubEnv("MY_KEY", "from a variable");
    const file = await configFile(
      `app: { worker_state_db: { $env: MY_KEY }, beat_lock_name: { $file: "${secret}" } }`,
    );
    const { text } = await config("show", file);
    expect(text).not.toMatch(/from a (file|variable)/);
    expect(await problemsOf(`app: { worker_state_db: { $file: "${secret}" } }`)).toEqual([]);
  });

  it("are in no message of those who use them", async () => {
    vi.stubEnv("MY_KEY", "hunter2");
    const problems = await problemsOf(
      "app: { message_sealing: { $env: MY_KEY } }\ngateway: { state: { $env: MY_KEY } }",
    );
    expect(problems.join()).toContain("messageSealing must be one of");
    expect(problems.join()).not.toContain("hunter2");
  });

  it("that stand for nothing are told with their place", async () => {
    const text = "gateway:\n  access:\n    users:\n      - name: a\n        password: { $env: NOT_THERE }\n";
    expect(await problemsOf(text)).toEqual([
      "file:5: gateway.access.users[0].password: The variable NOT_THERE is not set in the environment.",
    ]);
    expect((await problemsOf("log: { file: { $file: /nowhere/x } }")).join()).toContain(
      "/nowhere/x cannot be read",
    );
  });
});

describe("show", () => {
  it("says where each value comes from", async () => {
    const file = await configFile(
      "app: { task_default_queue: a, result_expires: 5 }\ngateway:\n  listen: { host: localhost, port: 1 }\n  wait_max_seconds: 3\n",
    );
    vi.stubEnv("CELERY_TASK_DEFAULT_QUEUE", "b");
    vi.stubEnv("CELERITY_PORT", "2");
    const lines = (await config("show", file, "--host", "::1")).text
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ["app.result_expires", "5", `(${file}:1)`],
      ["app.task_default_queue", "b", "(CELERY_TASK_DEFAULT_QUEUE)"],
      ["gateway.listen.host", "::1", "(--host)"],
      ["gateway.listen.port", "2", "(CELERITY_PORT)"],
      ["gateway.wait_max_seconds", "3", `(${file}:4)`],
      [""],
    ]);
    const all = (await config("show", file, "--all")).text;
    expect(all).toMatch(/^gateway\.limits\.body_bytes +1048576 {2}\(default\)$/m);
  });

  it("shows no secrets", async () => {
    vi.stubEnv("HUNTER", "hunter2");
    vi.stubEnv("CELERY_SECURITY_KEY_PASSWORD", "hunter2");
    vi.stubEnv("CELERY_BROKER_READ_URL", "amqp://u:hunter2@host//");
    const file = await configFile(
      `${FULL}\n`.replace(
        "app:",
        "app:\n  worker_pool_secrets: [hunter2]\n  http_tasks_completion_secret: { $env: HUNTER }\n  broker_transport_options: { sentinel_kwargs: { password: hunter2 } }",
      ),
    );
    const { code, text } = await config("show", file, "--all");
    expect(code).toBe(0);
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("whsec_");
    expect(text).toContain("********");
  });
});

describe("schema", () => {
  it("is a JSON Schema that takes files as they are written", () => {
    const schema = editorSchema();
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(load(FULL))).toBe(true);
    expect(
      validate({ log: { file: { $env: "X" } }, gateway: { webhooks: { secrets: [{ $file: "x" }] } } }),
    ).toBe(true);
    expect(validate({ log: { file: { $env: 1 } } })).toBe(false);
    expect(validate({ gateway: { lisen: {} } })).toBe(false);
  });

  it("is printed", async () => {
    expect(JSON.parse((await config("schema")).text)).toEqual(editorSchema());
  });
});
