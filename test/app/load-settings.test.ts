import { describe, expect, it } from "vitest";
import { environmentName, loadSettings } from "../../app/load-settings.ts";

describe("loadSettings", () => {
  it("reads Celery's names from the environment, with their types", () => {
    const settings = loadSettings(
      {},
      {
        CELERY_BROKER_URL: "redis://h/1",
        CELERY_TASK_ACKS_LATE: "false",
        CELERY_RESULT_EXPIRES: "60",
        CELERY_ACCEPT_CONTENT: "json, yaml",
        CELERY_BROKER_TRANSPORT_OPTIONS: '{"visibilityTimeout": 5}',
      },
    );
    expect(settings).toMatchObject({
      brokerUrl: "redis://h/1",
      taskAcksLate: false,
      resultExpires: 60,
      acceptContent: ["json", "yaml"],
      brokerTransportOptions: { visibilityTimeout: 5 },
    });
  });

  it("lets code win over the environment", () => {
    expect(loadSettings({ brokerUrl: "memory://" }, { CELERY_BROKER_URL: "redis://h" }).brokerUrl).toBe(
      "memory://",
    );
  });

  it("acknowledges late unless told otherwise", () => {
    expect(loadSettings({}, {}).taskAcksLate).toBe(true);
  });

  it.each([
    [{ task_acks_late: true }, /There is no setting "task_acks_late". Write taskAcksLate./],
    [{ brokerUrrl: "x" }, /There is no setting "brokerUrrl". Write brokerUrl./],
    [{ BROKER_URL: "x" }, /There is no setting "BROKER_URL". Write brokerUrl./],
    [{ CELERY_ACKS_LATE: true }, /There is no setting "CELERY_ACKS_LATE". Write taskAcksLate./],
    [{ completelyDifferent: 1 }, /There is no setting "completelyDifferent".$/],
    [{ brokerUseSsl: "yes" }, /brokerUseSsl .* must be a boolean/],
    [{ resultExpires: "1d" }, /resultExpires \(result_expires\) must be a number of 0 or more; it is "1d"/],
    [{ resultExpires: -1 }, /must be a number of 0 or more/],
    [{ acceptContent: "json" }, /acceptContent .* must be a list/],
    [{ timezone: 5 }, /timezone .* must be a string/],
  ])("refuses %j", (given, message) => {
    expect(() => loadSettings(given as object, {})).toThrow(message);
  });

  it.each([
    ["CELERY_ACKS_LATE", "Variable CELERY_ACKS_LATE is not read; write CELERY_TASK_ACKS_LATE."],
    ["CELERYD_CONCURRENCY", "Variable CELERYD_CONCURRENCY is not read; write CELERY_WORKER_CONCURRENCY."],
    ["celery_broker_url", "Variable celery_broker_url is not read; write CELERY_BROKER_URL."],
    ["CELERY_BROKER_ULR", "Variable CELERY_BROKER_ULR is not read; write CELERY_BROKER_URL."],
    ["CELERY_RESULT_BACKENDS", "Variable CELERY_RESULT_BACKENDS is not read; write CELERY_RESULT_BACKEND."],
    ["CELERY_WORKER_AGENT", "Variable CELERY_WORKER_AGENT has no effect: there is no agent;"],
    ["CELERY_REDIS_PORT", "Variable CELERY_REDIS_PORT has no effect: write it in resultBackend."],
    ["CELERY_S3_BUCKET", "has no effect: there is no result store for S3; see docs/backends."],
  ])("warns of the variable %s", (name, message) => {
    const warnings: string[] = [];
    loadSettings({}, { [name]: "1" }, (warning) => warnings.push(warning));
    expect(warnings).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    "CELERY_WORKER_TIMER",
    "CELERY_BROKER_POOL_LIMIT",
    "CELERY_CONFIG_MODULE",
    "CELERY_SERVICE_HOST",
    "CELERY_PORT_8080_TCP_ADDR",
    "CELERY_WORKER_PORT",
    "CELERYD_NODES",
    "CELERY_SOMETHING_OF_MINE",
    "BROKER_URL",
  ])("says nothing of the variable %s", (name) => {
    const warnings: string[] = [];
    loadSettings({}, { [name]: "1" }, (warning) => warnings.push(warning));
    expect(warnings).toEqual([]);
  });

  it("warns of settings of Celery that it does not take, in any spelling, and goes on", () => {
    const warnings: string[] = [];
    const given = {
      workerAgent: "a",
      worker_autoscaler: "b",
      CELERY_MONGODB_BACKEND_SETTINGS: {},
      workerTimer: 1,
    };
    const settings = loadSettings(given as object, {}, (warning) => warnings.push(warning));
    expect(warnings).toEqual([
      expect.stringContaining("Setting workerAgent has no effect: there is no agent"),
      expect.stringContaining("Setting worker_autoscaler has no effect"),
      expect.stringContaining("Setting CELERY_MONGODB_BACKEND_SETTINGS has no effect"),
    ]);
    expect(settings).toEqual(loadSettings({}, {}));
  });

  it.each([
    ["CELERY_BROKER_USE_SSL", "true", "brokerUseSsl", true],
    ["CELERY_BROKER_USE_SSL", "false", "brokerUseSsl", false],
    ["CELERY_BROKER_USE_SSL", '{"ca_certs": "/ca"}', "brokerUseSsl", { ca_certs: "/ca" }],
    ["CELERY_TASK_ACKS_ON_FAILURE", "false", "taskAcksOnFailure", false],
    ["CELERY_BROKER_READ_URL", "redis://h/1", "brokerReadUrl", "redis://h/1"],
    [
      "CELERY_TASK_ANNOTATIONS",
      '{"*": {"rateLimit": "1/s"}}',
      "taskAnnotations",
      { "*": { rateLimit: "1/s" } },
    ],
    ["CELERY_RESULT_BACKEND_MAX_RETRIES", "3", "resultBackendMaxRetries", 3],
  ] as const)("reads %s=%s", (name, text, setting, value) => {
    expect(loadSettings({}, { [name]: text })[setting]).toEqual(value);
  });

  it("names variables as Celery does", () => {
    expect(environmentName("taskAcksOnFailureOrTimeout")).toBe("CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT");
  });
});
