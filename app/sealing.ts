/**
 * The app's sealed headers: seals what is published, verifies what is read. Settings in, keys loaded once; the format is
 * in docs/sealed-headers.md.
 */
import { type KeyObject, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { ConfigurationError, DecodeError, type WireMessage } from "../protocol/index.ts";
import {
  isSharedNonceStore,
  loadSealKey,
  loadTrustedSealKeys,
  MAX_CLOCK_SKEW_MS,
  type NonceClaim,
  type NonceStore,
  nonceName,
  openNonceStore,
  SEAL_HEADER,
  type SealKey,
  sealExpiresAtMs,
  sealMessage,
  verifySeal,
} from "../signing/seal/index.ts";
import { splitBrokerUrls } from "../transports/index.ts";
import type { PreparedTask } from "./producer.ts";
import { CONTROL_EXCHANGE } from "./remote-control.ts";
import type { Settings } from "./settings.ts";

/** What a worker does with messages that are not sealed; one with a bad seal is refused in both modes but `off`. */
export const SEALING_MODES = ["off", "accept-legacy", "require"] as const;
export type SealingMode = (typeof SEALING_MODES)[number];

/** Age at which a control command is too old, in seconds; the queues of control keep nothing longer. */
const CONTROL_MAX_AGE_SECONDS = 300;

export interface Sealing {
  readonly mode: SealingMode;
  /** Does this process seal what it sends? */
  readonly hasKey: boolean;
  /** A task message with its seal; as it is when no key is configured, but never with a seal of somebody else. */
  sealTask(prepared: PreparedTask): PreparedTask;
  /** The same for a remote control command, or a reply, on its way to an exchange. */
  sealControl(message: WireMessage, exchange: string): WireMessage;
  /** Checks a task message's seal; returns its nonce for the store. Throws DecodeError. */
  verifyTask(message: WireMessage, queue: string): NonceClaim;
  /** Checks a control command's seal, read by the node of that queue. Throws DecodeError. */
  verifyControl(message: WireMessage, queue: string): NonceClaim;
  /** Opens the store of nonces that the settings name or imply. */
  openNonceStore(): Promise<NonceStore>;
}

/** Loads the keys. Throws ConfigurationError for settings that do not fit together. */
export function createSealing(settings: Settings, onWarning: (message: string) => void): Sealing {
  const mode = readMode(settings);
  const audience = settings.messageSealAudience ?? undefined;
  const key = readKey(settings, onWarning);
  const trustedKeys = readTrustedKeys(settings, mode);

  const verify = (
    message: WireMessage,
    queue: string,
    readFrom: string,
    maxAgeSeconds: number,
  ): NonceClaim => {
    const claims = verifySeal(message, { trustedKeys, audience, queue, maxAgeSeconds, nowMs: Date.now() });
    // A command names the exchange in place of a queue, so that nothing else is taken for one.
    if (queue === CONTROL_EXCHANGE && claims.queue === undefined) {
      throw new DecodeError("wrong_audience", "The message is not sealed for remote control.");
    }
    return {
      name: nonceName(claims.nonce, claims.queue, readFrom),
      expiresAtMs: sealExpiresAtMs(message, claims, maxAgeSeconds) + MAX_CLOCK_SKEW_MS,
      token: randomBytes(12).toString("base64url"),
    };
  };

  const seal = (message: WireMessage, queue: string | undefined): WireMessage => {
    if (key === undefined)
      return Object.hasOwn(message.headers, SEAL_HEADER) ? withoutSeal(message) : message;
    const value = sealMessage(message, { key, audience, queue, nowMs: Date.now() });
    return { ...message, headers: { ...message.headers, [SEAL_HEADER]: value } };
  };

  return {
    mode,
    hasKey: key !== undefined,
    sealTask(prepared) {
      const { message, route } = prepared;
      const sealed = seal(message, route.exchange === "" ? route.routingKey : undefined);
      return sealed === message ? prepared : { ...prepared, message: sealed };
    },
    sealControl(message, exchange) {
      // kombu has a number there, which a seal does not cover and no worker looks at.
      const { expires: _expires, ...headers } = message.headers;
      return key === undefined ? message : seal({ ...message, headers }, exchange);
    },
    verifyTask: (message, queue) => verify(message, queue, queue, settings.messageSealMaxAge),
    verifyControl: (message, queue) =>
      verify(message, CONTROL_EXCHANGE, queue, Math.min(settings.messageSealMaxAge, CONTROL_MAX_AGE_SECONDS)),
    openNonceStore: () => openStore(settings, onWarning),
  };
}

function withoutSeal(message: WireMessage): WireMessage {
  const { [SEAL_HEADER]: _stale, ...headers } = message.headers;
  return { ...message, headers };
}

function readMode(settings: Settings): SealingMode {
  const { messageSealing: mode, messageSealAudience: audience, messageSealMaxAge: maxAge } = settings;
  if (!SEALING_MODES.includes(mode)) {
    throw new ConfigurationError(
      `messageSealing must be one of ${SEALING_MODES.join(", ")}; it is ${JSON.stringify(mode)}.`,
    );
  }
  if (audience !== null && (audience === "" || Buffer.byteLength(audience) > 255)) {
    throw new ConfigurationError("messageSealAudience must be a text of 1 to 255 bytes.");
  }
  if (maxAge < 1) throw new ConfigurationError("messageSealMaxAge must be 1 second or more.");
  return mode;
}

function readKey(settings: Settings, onWarning: (message: string) => void): SealKey | undefined {
  const { messageSealKey: given, messageSealKeyPassword: password } = settings;
  if (given === null) return undefined;
  warnAboutMode(given, onWarning);
  return loadSealKey(given, password ?? undefined);
}

/** A private key that others on the machine can read is no secret. Windows has no such modes. */
function warnAboutMode(pemOrPath: string, onWarning: (message: string) => void): void {
  if (process.platform === "win32" || pemOrPath.includes("-----BEGIN ")) return;
  const stat = statSync(pemOrPath, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || (stat.mode & 0o077) === 0) return;
  onWarning(`The private key ${pemOrPath} can be read by others; run: chmod 600 ${pemOrPath}`);
}

function readTrustedKeys(settings: Settings, mode: SealingMode): ReadonlyMap<string, KeyObject> {
  const { messageSealTrustedKeys: sources } = settings;
  if (sources.length > 0) return loadTrustedSealKeys(sources);
  if (mode === "off") return new Map();
  throw new ConfigurationError(
    `messageSealing is "${mode}" and no key is trusted: set messageSealTrustedKeys to the public keys of all who send, for example ["keys/public"].`,
  );
}

/** The configured store, else where results are kept, else the broker, else memory. */
function openStore(settings: Settings, onWarning: (message: string) => void): Promise<NonceStore> {
  const { messageSealNonceStore: given, resultBackend } = settings;
  if (given !== null) return openNonceStore({ url: given });
  if (resultBackend !== null && isSharedNonceStore(resultBackend)) {
    return openNonceStore({ url: resultBackend, transportOptions: settings.resultBackendTransportOptions });
  }
  // With several brokers there is no one place: a nonce noted at one would be unknown at the next.
  const [broker = "", ...others] = splitBrokerUrls(settings.brokerUrl);
  if (others.length === 0 && isSharedNonceStore(broker)) {
    return openNonceStore({ url: broker, transportOptions: settings.brokerTransportOptions });
  }
  if (!broker.startsWith("memory:")) {
    onWarning(
      "Used seals are remembered in this process only: another worker, or this one after a restart, does not notice a replay. Set messageSealNonceStore to a Redis or SQL URL that all workers share.",
    );
  }
  return openNonceStore({ url: "memory" });
}
