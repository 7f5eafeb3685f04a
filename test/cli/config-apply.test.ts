/** What wins: a flag, then the environment, then the file, then the default. */
import { isDeepStrictEqual } from "node:util";
import { Command } from "commander";
import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp, settingName } from "../../app/index.ts";
import { withBeatOptions } from "../../cli/commands/beat.ts";
import { openGateway } from "../../cli/commands/gateway.ts";
import { startableWorker } from "../../cli/commands/worker.ts";
import { applyConfig } from "../../cli/config/apply.ts";
import { fileOptions } from "../../cli/config/gateway-options.ts";
import { requireConfig, sectionOf } from "../../cli/config/load.ts";
import { optionsOf } from "../../cli/config/options.ts";
import { SECTION_NAMES } from "../../cli/config/schema.ts";
import {
  type ConnectionFlags,
  type GatewayFlags,
  type LogFlags,
  type WorkerFlags,
  withConnectionOptions,
  withGatewayOptions,
  withLogOptions,
  withWorkerOptions,
} from "../../cli/options.ts";
import {
  DEFAULT_GATEWAY_LIMITS,
  DEFAULT_WEBHOOK_SETTINGS,
  type GatewayOptions,
} from "../../gateway/index.ts";
import { testApp } from "../helpers/worker.ts";
import { configFile } from "./config-place.ts";

type Flags = GatewayFlags & ConnectionFlags & LogFlags & WorkerFlags;

afterEach(() => void vi.unstubAllEnvs());

/** The flags of a command line with this file, and the environment that its app reads. */
async function applied(
  text: string,
  ...args: readonly string[]
): Promise<{ readonly flags: Flags; readonly env: NodeJS.ProcessEnv }> {
  const config = requireConfig(await configFile(text));
  const command = withLogOptions(withGatewayOptions(withConnectionOptions(withWorkerOptions(new Command()))));
  command.parse(args, { from: "user" });
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith("CELERY_")),
  );
  applyConfig(command, config, env);
  return { flags: command.opts<Flags>(), env };
}

describe("an option that is a flag", () => {
  const file = "gateway: { listen: { port: 3 } }";

  it("has its default without any of them", async () => {
    expect((await applied("log: {}")).flags.port).toBe(8420);
  });

  it("is taken from the file", async () => {
    expect((await applied(file)).flags.port).toBe(3);
  });

  it("is taken from the environment before", async () => {
    vi.stubEnv("CELERITY_PORT", "2");
    expect((await applied(file)).flags.port).toBe(2);
  });

  it("is what the flag says above all", async () => {
    vi.stubEnv("CELERITY_PORT", "2");
    expect((await applied(file, "--port", "1")).flags.port).toBe(1);
  });

  it("can be switched off by a flag, too", async () => {
    expect((await applied("gateway: { flower_api: true }", "--no-flower-api")).flags.flowerApi).toBe(false);
    expect((await applied("gateway: { flower_api: false }")).flags.flowerApi).toBe(false);
  });
});

describe("a setting", () => {
  const file = "app: { task_default_queue: file, broker_url: memory://file }";

  it("is taken from the file, and from the environment before", async () => {
    expect(createApp({ env: (await applied(file)).env }).settings.taskDefaultQueue).toBe("file");
    vi.stubEnv("CELERY_TASK_DEFAULT_QUEUE", "environment");
    expect(createApp({ env: (await applied(file)).env }).settings.taskDefaultQueue).toBe("environment");
  });

  it("is what the code says above all", async () => {
    const { env } = await applied(file);
    expect(createApp({ env, taskDefaultQueue: "code" }).settings.taskDefaultQueue).toBe("code");
  });

  it("that is a flag, too, is seen as one", async () => {
    expect((await applied(file)).flags.broker).toBe("memory://file");
    expect((await applied(file, "-b", "memory://flag")).flags.broker).toBe("memory://flag");
    vi.stubEnv("CELERY_BROKER_URL", "memory://environment");
    const { flags, env } = await applied(file);
    expect([flags.broker, env["CELERY_BROKER_URL"]]).toEqual([
      "memory://environment",
      "memory://environment",
    ]);
  });

  it("of any kind arrives as it was written", async () => {
    const { env } = await applied(`
app:
  broker_url: [memory://a, memory://b]
  accept_content: [json, yaml]
  taskAcksLate: false
  result_expires: 1.5
  task_queues: { a: { exchange: "é, x" } }
  task_routes: [["mail.*", { queue: mail }]]
  broker_use_ssl: { cert_reqs: none }
  http_tasks_allow_ports: [8080]
  timezone: null
`);
    expect(createApp({ env }).settings).toMatchObject({
      brokerUrl: "memory://a;memory://b",
      acceptContent: ["json", "yaml"],
      taskAcksLate: false,
      resultExpires: 1.5,
      taskQueues: { a: { exchange: "é, x" } },
      taskRoutes: [["mail.*", { queue: "mail" }]],
      brokerUseSsl: { cert_reqs: "none" },
      httpTasksAllowPorts: ["8080"],
      timezone: null,
    });
  });
});

describe("the gateway's section", () => {
  it("becomes options in code's spelling, but for names that are the user's own", async () => {
    const config = requireConfig(
      await configFile(`
gateway:
  listen: { port: 1 }
  wait_max_seconds: 3
  limits: { body_bytes: 5 }
  access: { tenants: { a_b: { queue_prefix: x } }, jwt: { jwks: f, issuer: i, audience: a, scope_claim: s } }
  hooks: { my_hook: { verifier: none, tolerance_seconds: 5, rules: [{ task: t, kwargs: { an_argument: 1 } }] } }
  state_transport_options: { master_name: x }
`),
    );
    expect(fileOptions(sectionOf(config, "gateway"))).toEqual({
      waitMaxSeconds: 3,
      limits: { bodyBytes: 5 },
      access: {
        tenants: { a_b: { queuePrefix: "x" } },
        jwt: { jwks: "f", issuer: "i", audience: "a", scopeClaim: "s" },
      },
      hooks: {
        my_hook: {
          verifier: "none",
          tolerance_seconds: 5,
          rules: [{ task: "t", kwargs: { an_argument: 1 } }],
        },
      },
      stateTransportOptions: { master_name: "x" },
    });
  });

  it("asks for keys as --require-keys does", async () => {
    const { flags } = await applied("gateway: { access: {}, state: 'redis://127.0.0.1:1/0' }");
    const gateway = await openGateway(testApp(), flags, pino({ enabled: false }));
    expect(gateway.apiKeys).toBeDefined();
  });
});

it("the worker's section is flags of a worker", async () => {
  const { flags } = await applied("worker: { queues: [a, b], exclude_queues: [b], concurrency: 7 }");
  const app = testApp({ taskQueues: { a: {}, b: {}, c: {} } });
  const worker = startableWorker(app, flags, pino({ enabled: false }));
  expect(worker.queues.map(({ name }) => name)).toEqual(["a"]);
  expect(flags.concurrency).toBe(7);
});

it("every flag that the table names is one", () => {
  const commands = [
    withWorkerOptions,
    withGatewayOptions,
    withConnectionOptions,
    withLogOptions,
    withBeatOptions,
  ];
  const known = commands.flatMap((withOptions) => withOptions(new Command()).options);
  const flags = SECTION_NAMES.flatMap(optionsOf).flatMap(({ flag }) => flag ?? []);
  expect(flags.filter((flag) => !known.some((option) => option.attributeName() === flag))).toEqual([]);
});

/** Whether options of a gateway are data, which the file has. */
const IN_FILE: Readonly<Record<keyof GatewayOptions, boolean>> = {
  app: false,
  taskIndex: false,
  stateUrl: false, // state
  stateTransportOptions: true,
  stateStore: false,
  schedules: true,
  queues: true,
  limits: true,
  hooks: true,
  cloudEvents: true,
  revoke: false,
  flowerApi: true,
  watchWorkers: true,
  enableTaskEvents: true,
  waitMaxSeconds: true,
  lostAfterSeconds: true,
  history: true,
  idempotencySeconds: true,
  holdAfterSeconds: true,
  access: true,
  auditLog: true,
  webhooks: true,
  egress: true,
  allowUnauthenticated: true,
  allowTraceback: true,
  accessLog: true,
  logger: false,
};

it("no option of a gateway is forgotten", () => {
  const named = (...path: readonly string[]): string[] =>
    optionsOf("gateway")
      .filter((option) => isDeepStrictEqual(option.path.slice(1, 1 + path.length), path))
      .map((option) => settingName(String(option.path[1 + path.length])));
  const data = Object.keys(IN_FILE).filter((name) => IN_FILE[name as keyof GatewayOptions]);
  expect(named()).toEqual(expect.arrayContaining(data));
  expect(named("limits")).toEqual(expect.arrayContaining(Object.keys(DEFAULT_GATEWAY_LIMITS)));
  expect(named("webhooks")).toEqual(expect.arrayContaining(Object.keys(DEFAULT_WEBHOOK_SETTINGS)));
});
