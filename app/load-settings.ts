/** Settings from code and environment, checked once. */
import { ConfigurationError } from "../protocol/index.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";

/**
 * Defaults, then the environment (`CELERY_BROKER_URL`, ...), then what the code gives. Throws ConfigurationError that
 * names a setting that does not exist or has the wrong type.
 */
export function loadSettings(
  given: Partial<Settings>,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const merged: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const name of Object.keys(DEFAULT_SETTINGS)) {
    const text = env[environmentName(name)];
    if (text !== undefined && text !== "") merged[name] = fromText(name, text);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_SETTINGS, name)) throw unknownSetting(name);
    if (value !== undefined) merged[name] = value;
  }
  for (const [name, value] of Object.entries(merged)) checkType(name, value);
  return merged as unknown as Settings;
}

/** `taskAcksLate` is `CELERY_TASK_ACKS_LATE`. */
export function environmentName(setting: string): string {
  return `CELERY_${celeryName(setting).toUpperCase()}`;
}

/** `taskAcksLate` is `task_acks_late`. */
export function celeryName(setting: string): string {
  return setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Settings whose default is null, and what they hold when set. */
const NULLABLE: Readonly<Record<string, "string" | "number" | "list">> = {
  resultAcceptContent: "list",
  timezone: "string",
  brokerConnectionMaxRetries: "number",
  resultBackend: "string",
  resultChordExpires: "number",
  resultCompression: "string",
  taskCompression: "string",
  taskDefaultExchange: "string",
  taskDefaultRoutingKey: "string",
  taskDefaultPriority: "number",
  taskQueueMaxPriority: "number",
  taskDefaultRateLimit: "string",
  workerStateDb: "string",
  workerRateLimitStore: "string",
  taskTimeLimit: "number",
  taskSoftTimeLimit: "number",
  workerMaxTasksPerChild: "number",
  workerMaxMemoryPerChild: "number",
  workerEtaParkAfter: "number",
  workerPool: "string",
  workerConcurrency: "number",
  beatCronStartingDeadline: "number",
  beatLock: "string",
  securityKey: "string",
  securityKeyPassword: "string",
  securityCertificate: "string",
  securityCertStore: "string",
  securityCaCertificates: "string",
  securityRevocationList: "string",
  messageSealKey: "string",
  messageSealKeyPassword: "string",
  messageSealAudience: "string",
  messageSealNonceStore: "string",
};

/** Settings that take more than the type of their default. */
const FREE_FORM: ReadonlySet<string> = new Set(["brokerUrl", "taskRoutes"]);

function kindOf(name: string): string {
  const fallback = (DEFAULT_SETTINGS as unknown as Record<string, unknown>)[name];
  if (fallback === null) return NULLABLE[name] ?? "string";
  return Array.isArray(fallback) ? "list" : typeof fallback;
}

function fromText(name: string, text: string): unknown {
  switch (kindOf(name)) {
    case "boolean":
      return !["0", "false", "no", "off"].includes(text.toLowerCase());
    case "number":
      return Number(text);
    case "list":
      return text.split(",").map((part) => part.trim());
    case "object":
      return FREE_FORM.has(name) ? text : parseJson(name, text);
    default:
      return text;
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${environmentName(name)} must be a JSON object.`, { cause: error });
  }
}

function checkType(name: string, value: unknown): void {
  if (FREE_FORM.has(name) || (value === null && name in NULLABLE)) return;
  const kind = kindOf(name);
  const right = kind === "list" ? Array.isArray(value) : typeof value === kind && value !== null;
  if (right && !(typeof value === "number" && (Number.isNaN(value) || value < 0))) return;
  const wanted = kind === "number" ? "a number of 0 or more" : `a ${kind}`;
  throw new ConfigurationError(
    `Setting ${name} (${celeryName(name)}) must be ${wanted}; it is ${JSON.stringify(value)}.`,
  );
}

function unknownSetting(name: string): ConfigurationError {
  const camel = name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  const hint = Object.hasOwn(DEFAULT_SETTINGS, camel) ? ` Write ${camel}.` : "";
  return new ConfigurationError(`There is no setting "${name}".${hint}`);
}
