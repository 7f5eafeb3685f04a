/** What `broker_transport_options` and the URL's query may set for this driver. */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { DELAYED_QUEUE_TYPES, type DelayedQueueType } from "./delays.ts";
import type { AmqpAddress } from "./url.ts";

export interface AmqpOptions {
  /** Seconds between heartbeats, the lower of this and the broker's own; 0 means none. */
  readonly heartbeatSeconds: number;
  /** Longest wait for the broker's confirm. */
  readonly confirmTimeoutMs: number;
  /** Publishes that may wait for their confirm at once. */
  readonly maxUnconfirmed: number;
  /** A connection is given up when the broker leaves two questions, asked at this interval, without an answer; 0 asks none. */
  readonly livenessMs: number;
  /** Type of the queues of Celery's delayed delivery. */
  readonly delayedQueueType: DelayedQueueType;
  /** Limit the prefetch of quorum queues one by one; false asks RabbitMQ to limit the channel. */
  readonly detectQuorumQueues: boolean;
  readonly loginMethod: "PLAIN" | "AMQPLAIN" | "EXTERNAL";
  /** undefined for plain TCP. */
  readonly ssl: SslOptions | undefined;
}

/** Files and rules for TLS, by the names of Celery's `broker_use_ssl` in camelCase. */
export interface SslOptions {
  /** File of the certificate authorities to trust. Default: those of Node. */
  readonly caCerts?: string;
  readonly certfile?: string;
  readonly keyfile?: string;
  /** "none" accepts any certificate. Default: required. */
  readonly certReqs?: string;
  /** Name the certificate must be for. Default: the host. */
  readonly serverHostname?: string;
  /** "false" takes a certificate for any name. */
  readonly checkHostname?: string;
  /** Opens an encrypted keyfile. */
  readonly password?: string;
}

const NUMBERS = {
  heartbeatSeconds: 120,
  confirmTimeoutMs: 4500,
  maxUnconfirmed: 10_000,
  livenessMs: 5000,
} as const;
const LOGIN_METHODS = ["PLAIN", "AMQPLAIN", "EXTERNAL"] as const;

/** Throws ConfigurationError for a value that makes no sense. */
export function readOptions(given: Readonly<Record<string, unknown>>, address: AmqpAddress): AmqpOptions {
  const number = (name: keyof typeof NUMBERS): number => {
    const fromUrl = name === "heartbeatSeconds" ? address.query.get("heartbeat") : undefined;
    const value = Number(fromUrl ?? given[name] ?? NUMBERS[name]);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new ConfigurationError(`The AMQP transport option "${name}" must be a number, 0 or more.`);
  };
  const loginMethod = String(
    address.query.get("login_method") ?? given["loginMethod"] ?? "PLAIN",
  ).toUpperCase();
  const known = LOGIN_METHODS.find((method) => method === loginMethod);
  if (known === undefined) {
    const text = `The AMQP login method "${loginMethod}" is unknown; use one of ${LOGIN_METHODS.join(", ")}.`;
    throw new ConfigurationError(text);
  }
  return {
    heartbeatSeconds: number("heartbeatSeconds"),
    confirmTimeoutMs: number("confirmTimeoutMs"),
    maxUnconfirmed: number("maxUnconfirmed"),
    livenessMs: number("livenessMs"),
    delayedQueueType: readQueueType(given["delayedQueueType"] ?? "quorum"),
    detectQuorumQueues: given["detectQuorumQueues"] !== false,
    loginMethod: known,
    ssl: readSsl(given["ssl"], address),
  };
}

function readQueueType(given: unknown): DelayedQueueType {
  const type = DELAYED_QUEUE_TYPES.find((known) => known === given);
  if (type !== undefined) return type;
  throw new ConfigurationError(
    `The AMQP transport option "delayedQueueType" must be one of ${DELAYED_QUEUE_TYPES.join(", ")}.`,
  );
}

const SSL_NAMES = [
  "caCerts",
  "certfile",
  "keyfile",
  "certReqs",
  "serverHostname",
  "checkHostname",
  "password",
] as const;

function readSsl(given: unknown, { isSecure, query }: AmqpAddress): SslOptions | undefined {
  const fromOptions = isPlainObject(given) ? given : {};
  const ssl: Record<string, string> = {};
  for (const name of SSL_NAMES) {
    const inUrl = `ssl_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const value = query.get(inUrl) ?? fromOptions[name];
    if (typeof value === "string") ssl[name] = value;
  }
  const isWanted = isSecure || given === true || isPlainObject(given) || Object.keys(ssl).length > 0;
  return isWanted ? ssl : undefined;
}

/** Reads the files. Throws ConfigurationError when one cannot be read. */
export async function toTlsOptions(ssl: SslOptions, host: string): Promise<TlsOptions> {
  const { caCerts, certfile, keyfile, certReqs, serverHostname, checkHostname, password } = ssl;
  return {
    ...(caCerts !== undefined && { ca: await readPem(caCerts, "caCerts") }),
    ...(certfile !== undefined && { cert: await readPem(certfile, "certfile") }),
    ...(keyfile !== undefined && { key: await readPem(keyfile, "keyfile") }),
    ...(password !== undefined && { passphrase: password }),
    ...(checkHostname?.toLowerCase() === "false" && { checkServerIdentity: () => undefined }),
    // An IP address is no server name; the certificate is checked against it all the same.
    ...((serverHostname !== undefined || isIP(host) === 0) && { servername: serverHostname ?? host }),
    rejectUnauthorized: !/^(cert_)?none$/i.test(certReqs ?? ""),
  };
}

async function readPem(path: string, option: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigurationError(`The file of the AMQP option ssl.${option} cannot be read: ${path}`, {
      cause: error,
    });
  }
}
