/**
 * TLS settings as Celery has them: `broker_use_ssl` takes Python's names for RabbitMQ (`ca_certs`) and the same with `ssl_`
 * before them for Redis. Both forms are taken for both, in snake_case or camelCase.
 * Source: kombu/transport/pyamqp.py, kombu/transport/redis.py, celery/backends/redis.py.
 */
import { ConfigurationError } from "../protocol/index.ts";

/**
 * True and false, or: `keyfile`, `certfile`, `ca_certs`, `cert_reqs` ("required", "optional", "none", or the numbers 2, 1
 * and 0 of Python's ssl.CERT_*), `check_hostname`, `password` (of the keyfile), `server_hostname` (RabbitMQ), `ca_data` (Redis).
 */
export type SslSetting = boolean | Readonly<Record<string, unknown>>;

const NAMES: ReadonlySet<string> = new Set([
  "keyfile",
  "certfile",
  "ca_certs",
  "ca_data",
  "cert_reqs",
  "server_hostname",
  "check_hostname",
  "password",
]);
const REQUIREMENTS: readonly unknown[] = ["none", "optional", "required"];

/**
 * The transport option `ssl` for a driver: names as Redis's URL has them (`ssl_ca_certs`), which RabbitMQ's driver wants in
 * camelCase without `ssl_`. undefined for no TLS. Throws ConfigurationError that names what is unknown.
 */
export function sslOption(setting: string, given: SslSetting, driver: "redis" | "amqp"): unknown {
  if (typeof given === "boolean") return given ? {} : undefined;
  const entries = Object.entries(given).flatMap(([key, value]) => {
    if (value === null || value === undefined) return [];
    const name = toSnake(key).replace(/^ssl_/, "");
    if (!NAMES.has(name)) throw unknownName(setting, key);
    const text = name === "cert_reqs" ? requirement(setting, value) : String(value);
    return [[driver === "redis" ? `ssl_${name}` : toCamel(name), text]];
  });
  return Object.fromEntries(entries);
}

function unknownName(setting: string, key: string): ConfigurationError {
  return new ConfigurationError(`Setting ${setting} has no "${key}"; known are ${[...NAMES].join(", ")}.`);
}

function requirement(setting: string, value: unknown): string {
  const text = String(value)
    .toLowerCase()
    .replace(/^(ssl\.)?cert_/, "");
  const found = typeof value === "number" ? REQUIREMENTS[value] : text;
  if (REQUIREMENTS.includes(found)) return String(found);
  throw new ConfigurationError(
    `"cert_reqs" of setting ${setting} must be one of ${REQUIREMENTS.join(", ")}, not "${String(value)}".`,
  );
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamel(name: string): string {
  return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
