/** The certificate store, read again while it is in use: keys are changed without a restart. */
import { DecodeError, toError } from "../../protocol/errors.ts";
import type { Certificate } from "./certificate.ts";
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
   * The certificate of a signer that may sign now. Throws DecodeError `key_unknown`, `cert_expired`, `cert_revoked` or
   * `alg_refused`.
   */
  require(id: string): Certificate {
    const now = this.#options.now();
    this.#reloadAfter(RELOAD_AFTER_MS, now);
    if (!this.#trust.signers.has(id)) this.#reloadAfter(RELOAD_FOR_UNKNOWN_AFTER_MS, now);
    const signer = this.#trust.signers.get(id);
    const shown = JSON.stringify(id.slice(0, 200));
    if (signer === undefined)
      throw new DecodeError(
        "key_unknown",
        `The message is signed by ${shown}, who is not in securityCertStore.`,
      );
    if (now >= signer.notAfter || now < signer.notBefore) {
      const when = now < signer.notBefore ? "is not valid yet" : "has expired";
      throw new DecodeError("cert_expired", `The certificate of ${shown}, or an issuer of it, ${when}.`);
    }
    if (signer.refusal === undefined) return signer.certificate;
    const { code, reason } = signer.refusal;
    throw new DecodeError(code, `The certificate of ${shown} is refused: ${reason}.`);
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
