/** What the options of `celerity api-keys create` mean. */
import { X509Certificate } from "node:crypto";
import { InvalidArgumentError } from "commander";
import { type Quota, type QuotaName, SCOPES, type Scope } from "../gateway/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import { readKeyFile } from "../signing/index.ts";
import { commaList } from "./options.ts";

export type QuotaFlags = Readonly<Partial<Record<QuotaName, Quota>>>;

const QUOTA = /^(requests|submit|bytes)=(\d{1,12})\/(\d{1,7})$/;

/** `submit=100/60`, added to those given before. */
export function quotaFlag(text: string, before: QuotaFlags = {}): QuotaFlags {
  const [, name, quota, window] = QUOTA.exec(text) ?? [];
  if (name === undefined)
    throw new InvalidArgumentError("Write requests, submit or bytes, as submit=100/60.");
  return { ...before, [name]: { quota: Number(quota), window: Number(window) } };
}

export function scopeList(text: string): readonly Scope[] {
  return commaList(text).map((name) => {
    if (!Object.hasOwn(SCOPES, name))
      throw new InvalidArgumentError(`Scopes: ${Object.keys(SCOPES).join(", ")}.`);
    // Just looked up.
    return name as Scope;
  });
}

/** SHA-256 of the certificate in a PEM file, base64url. */
export function certificateThumbprint(file: string): string {
  const pem = readKeyFile(file);
  try {
    const hex = new X509Certificate(pem).fingerprint256.replaceAll(":", "");
    return Buffer.from(hex, "hex").toString("base64url");
  } catch (error) {
    throw new ConfigurationError(`${file} is no certificate in PEM.`, { cause: error });
  }
}
