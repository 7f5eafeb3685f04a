/** What a hook is made from: the same members in code, in a file and in `PUT /v1/hooks/{hook}`. */
import type { RuleOptions } from "./mapping/rules.ts";
import type { ValueOptions } from "./mapping/template.ts";

/** Names of hooks: nothing that means something in a path or in a key of the store. */
export const HOOK_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const VERIFIER_NAMES = [
  "standard-webhooks",
  "github",
  "stripe",
  "slack",
  "hmac",
  "basic",
  "api-key",
  "none",
] as const;

/** How the sender proves who it is. `none` takes callers on this machine only. */
export type VerifierName = (typeof VERIFIER_NAMES)[number];

export const BODY_FORMATS = ["json", "form", "text", "bytes"] as const;
export type BodyFormat = (typeof BODY_FORMATS)[number];

/** When a secret counts; RFC 3339 with an offset. */
export interface SecretTimes {
  readonly valid_from?: string;
  readonly valid_until?: string;
}

/** A secret, or in code and files also the variable of the environment that holds it. */
export type HookSecret =
  | string
  | (SecretTimes & { readonly secret: string })
  | (SecretTimes & { readonly env: string });

export interface HookOptions {
  readonly description?: string;
  readonly verifier: VerifierName;
  /** Any that is valid now will do. None with `none`. */
  readonly secrets?: readonly HookSecret[];
  /** How far the time of a signature may be off. Default 300. */
  readonly tolerance_seconds?: number;
  /** Of the verifier hmac. */
  readonly hmac?: {
    readonly header: string;
    /** Default sha256. */
    readonly algorithm?: "sha256" | "sha512";
    /** Default hex. */
    readonly encoding?: "hex" | "base64";
    readonly prefix?: string;
    readonly timestamp?: { readonly header: string; readonly separator?: string };
  };
  /** Of the verifier basic; the secrets are passwords. */
  readonly basic?: { readonly username: string };
  /** Of the verifier api-key. Default: x-api-key, without a prefix. */
  readonly api_key?: { readonly header?: string; readonly prefix?: string };
  /** Default: JSON or a form, as Content-Type says. */
  readonly format?: BodyFormat;
  /** Fields of a form that hold JSON, such as `payload` of Slack and GitHub. */
  readonly json_fields?: readonly string[];
  /** What tells a delivery from another. Default: what the verifier vouches for; nothing with basic, api-key and none. */
  readonly delivery_id?: ValueOptions;
  /** How long a delivery that comes again is known. Default 30 days. */
  readonly remember_seconds?: number;
  /** The only tasks that it may send. Default: those that the rules name. */
  readonly tasks?: readonly string[];
  readonly rules: readonly RuleOptions[];
  /** What becomes of a delivery that no rule fits: 204, or 422. Default ignore. */
  readonly unmatched?: "ignore" | "refuse";
  /** The answer for a delivery that was taken, for senders that want a certain one. Default: 202 with the task. */
  readonly respond?: { readonly status: number; readonly body?: string; readonly content_type?: string };
  /** How many deliveries are kept, and how long. Default 1000, 7 days. */
  readonly log?: { readonly keep?: number; readonly days?: number };
}

export const HOOK_DEFAULTS = {
  toleranceSeconds: 300,
  rememberSeconds: 2_592_000,
  keep: 1000,
  days: 7,
} as const;
