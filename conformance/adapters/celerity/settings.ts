/**
 * Celerity's settings from the environment: CONF_BROKER_URL, CONF_RESULT_URL and CONF_QUEUE, and those of special cases. Its
 * own variables (CELERY_MESSAGE_SEALING, ...) count too.
 */
import { type App, createApp, type Settings } from "../../../index.ts";

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const flag = (text: string): boolean => text === "1";
const names = (text: string): readonly string[] => text.split(",").map((name) => name.trim());
const visibility = (text: string): object => ({ visibility_timeout: Number(text) });

const SETTINGS: Readonly<
  Record<string, readonly [setting: keyof Settings, read: (text: string) => unknown]>
> = {
  CONF_BROKER_URL: ["brokerUrl", String],
  CONF_RESULT_URL: ["resultBackend", String],
  CONF_QUEUE: ["taskDefaultQueue", String],
  CONF_CONCURRENCY: ["workerConcurrency", Number],
  CONF_POOL: ["workerPool", String],
  CONF_PREFETCH: ["workerPrefetchMultiplier", Number],
  CONF_ACKS_LATE: ["taskAcksLate", flag],
  CONF_TRACK_STARTED: ["taskTrackStarted", flag],
  CONF_RESULT_EXTENDED: ["resultExtended", flag],
  CONF_ACCEPT: ["acceptContent", names],
  CONF_TASK_PROTOCOL: ["taskProtocol", Number],
  CONF_TASK_SERIALIZER: ["taskSerializer", String],
  CONF_RESULT_SERIALIZER: ["resultSerializer", String],
  CONF_VISIBILITY_TIMEOUT: ["brokerTransportOptions", visibility],
  CONF_SECURITY_KEY: ["securityKey", String],
  CONF_SECURITY_CERTIFICATE: ["securityCertificate", String],
  CONF_SECURITY_STORE: ["securityCertStore", String],
};

/** Messages are signed, results are not. */
const SIGNED: Partial<Settings> = {
  taskSerializer: "auth",
  acceptContent: ["auth"],
  resultAcceptContent: ["json"],
};

/** An app for what the environment says. With exactFloats, 1.0 that is echoed stays a float. */
export function createConfApp(env: Environment): App {
  const given = Object.entries(SETTINGS).flatMap(([variable, [setting, read]]) => {
    const text = env[variable];
    return text === undefined || text === "" ? [] : [[setting, read(text)]];
  });
  return createApp({
    exactFloats: true,
    workerConcurrency: 4,
    workerPool: "prefork",
    ...(env["CONF_SECURITY_KEY"] ? SIGNED : {}),
    // Each name is that of a setting.
    ...(Object.fromEntries(given) as Partial<Settings>),
    env,
  });
}
