/** Settings from code and environment, checked once. */
import { ConfigurationError } from "../protocol/index.ts";
import { absentSetting } from "./celery-settings.ts";
import { celeryName, environmentName, nearestSetting, presentName } from "./setting-names.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";

export { type AbsentSetting, absentSetting } from "./celery-settings.ts";
export { celeryName, environmentName, nearestName, nearestSetting, settingName } from "./setting-names.ts";

/**
 * Defaults, then the environment (`CELERY_BROKER_URL`, ...), then what the code gives. A setting of Celery that this app
 * does not take is a warning, and so is a variable that looks like a setting and is none. Throws ConfigurationError that
 * names what the code gives and neither has, and a value of the wrong type.
 */
export function loadSettings(
  given: Partial<Settings>,
  env: Readonly<Record<string, string | undefined>>,
  onWarning: (message: string) => void = () => undefined,
): Settings {
  const merged: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const name of Object.keys(DEFAULT_SETTINGS)) {
    const text = env[environmentName(name)];
    if (text !== undefined && text !== "") merged[name] = fromText(name, text);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_SETTINGS, name)) warnOrThrow(name, onWarning);
    else if (value !== undefined) merged[name] = value;
  }
  for (const name of Object.keys(env)) warnOfVariable(name, onWarning);
  for (const [name, value] of Object.entries(merged)) checkType(name, value);
  return merged as unknown as Settings;
}

/** Settings whose default is null, and what they hold when set. */
const NULLABLE: Readonly<Record<string, "string" | "number" | "boolean" | "list">> = {
  resultAcceptContent: "list",
  timezone: "string",
  brokerConnectionMaxRetries: "number",
  brokerConnectionRetryOnStartup: "boolean",
  brokerLoginMethod: "string",
  redisSocketTimeout: "number",
  redisSocketConnectTimeout: "number",
  resultBackendMaxRetries: "number",
  resultFailureExpires: "number",
  taskAcksOnFailure: "boolean",
  taskAcksOnTimeout: "boolean",
  taskCreateMissingQueueExchangeType: "string",
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
  httpTasksProxy: "string",
  httpTasksSigningKey: "string",
  httpTasksGatewayUrl: "string",
  httpTasksCompletionSecret: "string",
};

/** Settings that take more than the type of their default. */
const FREE_FORM: ReadonlySet<string> = new Set([
  "brokerUrl",
  "brokerReadUrl",
  "brokerWriteUrl",
  "taskRoutes",
  "taskAnnotations",
]);
/** Settings that are true or false, or an object. */
const SWITCHES: ReadonlySet<string> = new Set(["brokerUseSsl", "redisBackendUseSsl"]);

/** JSON types that a setting takes. */
export type SettingType = "string" | "number" | "boolean" | "array" | "object" | "null";

export function settingTypes(name: string): readonly SettingType[] {
  if (FREE_FORM.has(name)) return name.endsWith("Url") ? ["string", "array"] : ["object", "array"];
  if (SWITCHES.has(name)) return ["boolean", "object"];
  const kind = kindOf(name);
  // The rest of what kindOf() says are types of JSON.
  const type = kind === "list" ? "array" : (kind as SettingType);
  return name in NULLABLE ? [type, "null"] : [type];
}

function kindOf(name: string): string {
  const fallback = (DEFAULT_SETTINGS as unknown as Record<string, unknown>)[name];
  if (fallback === null) return NULLABLE[name] ?? "string";
  return Array.isArray(fallback) ? "list" : typeof fallback;
}

function fromText(name: string, text: string): unknown {
  if (SWITCHES.has(name) && text.startsWith("{")) return parseJson(name, text);
  switch (kindOf(name)) {
    case "boolean":
      return !["0", "false", "no", "off"].includes(text.toLowerCase());
    case "number":
      return Number(text);
    case "list":
      return text.split(",").map((part) => part.trim());
    case "object":
      return parseJson(name, text);
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
  if (SWITCHES.has(name) && typeof value === "object" && value !== null) return;
  const kind = kindOf(name);
  const right = kind === "list" ? Array.isArray(value) : typeof value === kind && value !== null;
  if (right && !(typeof value === "number" && (Number.isNaN(value) || value < 0))) return;
  const wanted = kind === "number" ? "a number of 0 or more" : `a ${kind}`;
  throw new ConfigurationError(
    `Setting ${name} (${celeryName(name)}) must be ${wanted}; it is ${JSON.stringify(value)}.`,
  );
}

/** A name that the code gives and this app does not have. */
function warnOrThrow(name: string, onWarning: (message: string) => void): void {
  const present = presentName(name);
  const absent = present === undefined ? undefined : absentSetting(present);
  if (absent === undefined) {
    const nearest = nearestSetting(name);
    const hint = nearest === undefined ? "" : ` Write ${nearest}.`;
    throw new ConfigurationError(`There is no setting "${name}".${hint}`);
  }
  if (absent.kind === "unsupported") onWarning(`Setting ${name} has no effect: ${absent.reason}.`);
}

/** Variables of the programs that start Celery, and of Kubernetes where a service is called "celery". */
const NO_SETTINGS =
  /^CELERY(_APP|_BIN|_CONFIG_MODULE|_LOADER|D_NODES|D_OPTS)$|^CELERY_RDB_|_(SERVICE|PORT)(_|$)/;

/** A variable that is none of ours, but looks as if somebody thought so. */
function warnOfVariable(name: string, onWarning: (message: string) => void): void {
  if (!/^celery/i.test(name)) return;
  const present = presentName(name);
  const absent = present === undefined ? undefined : absentSetting(present);
  if (absent?.kind === "unsupported") onWarning(`Variable ${name} has no effect: ${absent.reason}.`);
  if (absent !== undefined || NO_SETTINGS.test(name)) return;
  const nearest = nearestSetting(name);
  if (nearest === undefined || environmentName(nearest) === name) return;
  onWarning(`Variable ${name} is not read; write ${environmentName(nearest)}.`);
}
