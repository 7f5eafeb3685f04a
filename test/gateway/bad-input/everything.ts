/** A gateway with every feature switched on, a worker behind it, and a record of all it logs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AccessOptions } from "../../../gateway/index.ts";
import { temporaryFolder } from "../../helpers/services.ts";
import { testApp, testWorker } from "../../helpers/worker.ts";
import { type GatewayPlace, openGateway } from "../place.ts";

export interface Everything extends GatewayPlace {
  /** What was logged with an error, as requests are that end in 5xx. */
  readonly complaints: readonly object[];
  /** The audit log so far. */
  audit(): string;
}

export const COMPLETION_SECRET = "0123456789abcdef0123456789abcdef";

/** What may be switched. */
export interface EverythingOptions {
  /** Ask callers for credentials. */
  readonly access?: AccessOptions;
  /** Default true. */
  readonly hasWorker?: boolean;
  /** Default: in memory. */
  readonly stateUrl?: string | undefined;
}

export async function openEverything({
  access,
  hasWorker = true,
  stateUrl,
}: EverythingOptions = {}): Promise<Everything> {
  const folder = await temporaryFolder();
  const auditLog = join(folder, "audit.jsonl");
  const complaints: object[] = [];
  const complain = (facts: object, message: string): void => {
    if ("err" in facts) complaints.push({ ...facts, message });
  };
  const ignore = (): void => undefined;
  const app = testApp({ httpTasksCompletionSecret: COMPLETION_SECRET });
  app.task("examples.add", (x: number, y: number) => x + y);
  app.task("examples.fail", () => {
    throw new TypeError("no");
  });
  if (hasWorker) await testWorker(app, { hostname: "w@shop", pool: "async" });
  const place = await openGateway({
    app,
    auditLog,
    schedules: join(folder, "schedule"),
    hooks: {
      h: {
        verifier: "api-key",
        secrets: ["s"],
        rules: [{ when: { pointer: "/go", exists: true }, task: "examples.add" }],
      },
    },
    cloudEvents: { rules: [{ task: "examples.add" }], allowed_origins: ["*"] },
    accessLog: true,
    history: {},
    // Answers come at once: what may take long is tested elsewhere.
    waitMaxSeconds: 0,
    // No call leaves this machine: nothing listens on the port of the proxy.
    egress: { proxyUrl: "http://127.0.0.1:9", lookup: () => Promise.reject(new Error("no names here")) },
    logger: {
      debug: ignore,
      info: ignore,
      warn: complain,
      error: complain,
    },
    ...(access === undefined ? {} : { access }),
    ...(stateUrl === undefined ? {} : { stateUrl }),
  });
  return { ...place, complaints, audit: () => readFileSync(auditLog, "utf8") };
}
