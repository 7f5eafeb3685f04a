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
    [{ brokerUrrl: "x" }, /There is no setting "brokerUrrl"/],
    [{ resultExpires: "1d" }, /resultExpires \(result_expires\) must be a number of 0 or more; it is "1d"/],
    [{ resultExpires: -1 }, /must be a number of 0 or more/],
    [{ acceptContent: "json" }, /acceptContent .* must be a list/],
    [{ timezone: 5 }, /timezone .* must be a string/],
  ])("refuses %j", (given, message) => {
    expect(() => loadSettings(given as object, {})).toThrow(message);
  });

  it("names variables as Celery does", () => {
    expect(environmentName("taskAcksOnFailureOrTimeout")).toBe("CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT");
  });
});
