/** The certificate store, read again while it is in use: keys are changed without a restart. */
import { DecodeError, toError } from "../../protocol/errors.ts";
import type { Certificate } from "./certificate.ts";
import { readSigner } from "./frame.ts";
import { loadTrust, type Trust, type TrustPaths } from "./trust.ts";

/** Milliseconds after which the files are read again. */
const RELOAD_AFTER_MS = 60_000;
/** The same for a signer that is not known: a stranger must not make us read without end. */
const RELOAD_FOR_UNKNOWN_AFTER_MS = 5_000;

export interface TrustStoreOptions {
  readonly paths: TrustPaths;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export class TrustStore {
  readonly #options: TrustStoreOptions;
  readonly #warned = new Set<string>();
  #trust: Trust;
  #loadedAt: number;

  /** Throws ConfigurationError for files that cannot be used. */
  constructor(options: TrustStoreOptions) {
    this.#options = options;
    this.#loadedAt = options.now();
    this.#trust = loadTrust(options.paths, this.#loadedAt);
    this.#warnOnce();
  }

  /**
   * The certificate of a signer, by its id as a frame has it, that may sign now. Throws DecodeError `key_unknown`,
   * `cert_expired`, `cert_revoked` or `alg_refused`.
   */
  require(written: string): Certificate {
    const now = this.#options.now();
    this.#reloadAfter(RELOAD_AFTER_MS, now);
    if (!this.#trust.signers.has(written)) this.#reloadAfter(RELOAD_FOR_UNKNOWN_AFTER_MS, now);
    const signer = this.#trust.signers.get(written);
    if (signer === undefined) {
      const shown = JSON.stringify(readSigner(written).slice(0, 200));
      throw new DecodeError("key_unknown", `The message's signer, ${shown}, is not in securityCertStore.`);
    }
    const { certificate, notBefore, notAfter, refusal } = signer;
    if (now < notBefore || now >= notAfter) {
      const when = now < notBefore ? "is not valid yet" : "has expired";
      throw new DecodeError(
        "cert_expired",
        `The certificate of "${certificate.id}", or an issuer of it, ${when}.`,
      );
    }
    if (refusal === undefined) return certificate;
    throw new DecodeError(
      refusal.code,
      `The certificate of "${certificate.id}" is refused: ${refusal.reason}.`,
    );
  }

  /** Files that cannot be used, half-written ones for instance, leave in force what was read before. */
  #reloadAfter(ms: number, now: number): void {
    const age = now - this.#loadedAt;
    if (age >= 0 && age < ms) return;
    this.#loadedAt = now;
    try {
      this.#trust = loadTrust(this.#options.paths, now);
      this.#warnOnce();
    } catch (error) {
      this.#options.onWarning(`The certificates were not read again: ${toError(error).message}`, error);
    }
  }

  #warnOnce(): void {
    const news = this.#trust.warnings.filter((warning) => !this.#warned.has(warning));
    for (const warning of news) {
      this.#warned.add(warning);
      this.#options.onWarning(warning);
    }
  }
}
