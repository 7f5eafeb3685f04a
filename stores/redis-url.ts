/**
 * Reads the Redis URLs that Celery and kombu read. Sources: kombu/utils/url.py, kombu/transport/redis.py,
 * celery/backends/redis.py of 5.7.
 *
 * | URL | meaning |
 * |---|---|
 * | `redis://user:password@host:6379/0` | TCP; every part but the scheme may be left out |
 * | `rediss://host/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem` | TLS |
 * | `redis+socket:///path.sock?virtual_host=0` | Unix socket (also `socket://`) |
 * | `sentinel://:password@h1:26379/0;sentinel://h2:26379` | the master that the sentinels name; option `masterName` |
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { RedisOptions } from "ioredis";
import { ConfigurationError, isPlainObject } from "../protocol/index.ts";

/** Where a Redis is, and how to speak to it. */
export interface RedisTarget {
  /** `host:port/db`, the socket's path, or the sentinels, for messages; never a password. */
  readonly description: string;
  readonly database: number;
  readonly options: RedisOptions;
}

type Options = Readonly<Record<string, unknown>>;

/** A URL taken apart as Python's urlparse does it. */
interface UrlParts {
  readonly scheme: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly username: string;
  readonly password: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;

/** Reads a URL and Celery's transport options (camelCase). Throws ConfigurationError, never with the password in it. */
export function parseRedisUrl(url: string, transportOptions: Options = {}): RedisTarget {
  const [first, ...rest] = url.split(";").map(splitUrl);
  if (first === undefined) throw new ConfigurationError("The Redis URL is empty.");
  switch (first.scheme) {
    case "redis":
    case "rediss":
      return parseTcp(first, transportOptions);
    case "redis+socket":
    case "socket":
      return parseSocket(first, transportOptions);
    case "sentinel":
      return parseSentinel([first, ...rest], transportOptions);
    default:
      throw new ConfigurationError(
        `Redis URLs start with redis://, rediss://, redis+socket:// or sentinel://, not ${first.scheme}://.`,
      );
  }
}

function parseTcp(parts: UrlParts, options: Options): RedisTarget {
  const host = parts.host === "" ? "127.0.0.1" : parts.host;
  const port = parts.port ?? DEFAULT_PORT;
  const database = readDatabase(parts);
  const tls = readTls(parts, options);
  return {
    description: `${host}:${port}/${database}`,
    database,
    options: {
      host,
      port,
      db: database,
      ...credentials(parts),
      ...common(parts, options),
      ...(tls === undefined ? {} : { tls: { ...(isIP(host) === 0 ? { servername: host } : {}), ...tls } }),
    },
  };
}

function parseSocket(parts: UrlParts, options: Options): RedisTarget {
  const path = `/${parts.path}`;
  const database = readDatabase({ ...parts, path: "" });
  return {
    description: `${path}/${database}`,
    database,
    options: { path, db: database, ...credentials(parts), ...common(parts, options) },
  };
}

function parseSentinel(urls: readonly UrlParts[], options: Options): RedisTarget {
  const name = options["masterName"];
  if (typeof name !== "string" || name === "") {
    throw new ConfigurationError('A sentinel:// URL needs the transport option "masterName" (master_name).');
  }
  const [first] = urls;
  const located = urls.find((parts) => parts.path !== "") ?? first;
  if (first === undefined || located === undefined)
    throw new ConfigurationError("The sentinel URL is empty.");
  const database = readDatabase(located);
  const sentinels = urls.map(({ host, port }) => ({
    host: host === "" ? "127.0.0.1" : host,
    port: port ?? DEFAULT_SENTINEL_PORT,
  }));
  const tls = readTls(first, options);
  return {
    description: `${name}@${sentinels.map(({ host, port }) => `${host}:${port}`).join(",")}/${database}`,
    database,
    options: {
      sentinels,
      name,
      db: database,
      ...credentials(first),
      ...common(first, options),
      ...sentinelCredentials(options["sentinelKwargs"]),
      ...(tls === undefined ? {} : { tls, enableTLSForSentinelMode: true }),
    },
  };
}

/** The sentinels' own password, as redis-py takes it in `sentinel_kwargs`. */
function sentinelCredentials(kwargs: unknown): RedisOptions {
  if (!isPlainObject(kwargs)) return {};
  const { username, password, ssl } = kwargs;
  return {
    ...(typeof username === "string" ? { sentinelUsername: username } : {}),
    ...(typeof password === "string" ? { sentinelPassword: password } : {}),
    ...(ssl === true ? { sentinelTLS: {} } : {}),
  };
}

function credentials({ username, password }: UrlParts): RedisOptions {
  return { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
}

/** Settings that every form shares; a URL's query beats the transport options, as in Celery. */
function common(parts: UrlParts, options: Options): RedisOptions {
  const timeoutSeconds = Number(parts.query.get("socket_timeout") ?? options["socketTimeout"] ?? Number.NaN);
  const name = parts.query.get("client_name") ?? options["clientName"];
  return {
    ...(timeoutSeconds > 0 ? { socketTimeout: timeoutSeconds * 1000 } : {}),
    ...(typeof name === "string" && name !== "" ? { connectionName: name } : {}),
  };
}

function readDatabase(parts: UrlParts): number {
  const text =
    parts.query.get("virtual_host") ?? parts.query.get("db") ?? parts.path.replace(/^\/+|(?<!\/)\/+$/g, "");
  if (text === "") return 0;
  if (!/^\d+$/.test(text))
    throw new ConfigurationError(`A Redis database is a number, not "${text}"; write redis://host:6379/0.`);
  return Number(text);
}

/** kombu's names of ssl.CERT_*: is the server's certificate checked? */
const VERIFIES: Readonly<Record<string, boolean>> = {
  CERT_REQUIRED: true,
  required: true,
  CERT_OPTIONAL: true,
  optional: true,
  CERT_NONE: false,
  none: false,
};

/**
 * TLS settings of `ssl_*` query parameters and of the transport option `ssl`. Without `ssl_cert_reqs` the certificate is
 * checked: kombu would not check it and log a warning.
 */
function readTls(parts: UrlParts, options: Options): ConnectionOptions | undefined {
  const given = { ...sslOption(options["ssl"]), ...sslQuery(parts.query) };
  if (parts.scheme !== "rediss" && options["ssl"] === undefined && Object.keys(given).length === 0)
    return undefined;
  const requirement = given["ssl_cert_reqs"] ?? "required";
  const rejectUnauthorized = Object.hasOwn(VERIFIES, requirement) ? VERIFIES[requirement] : undefined;
  if (rejectUnauthorized === undefined)
    throw new ConfigurationError(
      `ssl_cert_reqs is one of ${Object.keys(VERIFIES).join(", ")}, not "${requirement}".`,
    );
  const file = (name: string): Buffer | undefined => readPem(name, given[name]);
  const ca = given["ssl_ca_data"] ?? file("ssl_ca_certs");
  const cert = file("ssl_certfile");
  const key = file("ssl_keyfile");
  const passphrase = given["ssl_password"];
  return {
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(given["ssl_check_hostname"]?.toLowerCase() === "false"
      ? { checkServerIdentity: () => undefined }
      : {}),
  };
}

function sslQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].filter(([name]) => name.startsWith("ssl_")));
}

/** `broker_use_ssl` and `redis_backend_use_ssl`: an object with Celery's names, in snake_case or camelCase. */
function sslOption(option: unknown): Record<string, string> {
  if (!isPlainObject(option)) return {};
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(option).map(([name, value]) => [snake(name), String(value)]));
}

function readPem(name: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ConfigurationError(`The file of ${name}, "${path}", cannot be read.`, { cause });
  }
}

const URL_FORM = /^(?<scheme>[a-z+]+):\/\/(?<authority>[^/?#]*)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?/i;

function splitUrl(url: string): UrlParts {
  const groups = URL_FORM.exec(url.trim())?.groups;
  if (groups === undefined)
    throw new ConfigurationError("This is not a Redis URL; write redis://host:6379/0, for example.");
  const authority = groups["authority"] ?? "";
  const at = authority.lastIndexOf("@");
  const [username = "", ...password] = authority.slice(0, Math.max(at, 0)).split(":");
  const address = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^:]*))(?::(?<port>\d*))?$/.exec(authority.slice(at + 1));
  if (address === null)
    throw new ConfigurationError("The address in the Redis URL must be host or host:port.");
  const port = address.groups?.["port"] ?? "";
  return {
    scheme: (groups["scheme"] ?? "").toLowerCase(),
    host: decode(address.groups?.["v6"] ?? address.groups?.["name"] ?? ""),
    port: port === "" ? undefined : Number(port),
    username: decode(username),
    password: decode(password.join(":")),
    path: decode(groups["path"] ?? ""),
    query: new URLSearchParams(groups["query"] ?? ""),
  };
}

/** Percent-decoding that leaves a stray "%" alone, as Python's unquote does. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
