/** The verifier of a hook, from its options. */
import { ConfigurationError } from "../../protocol/index.ts";
import { type TimedSecret, WEBHOOK_VERIFIERS, type WebhookRequest } from "../../signing/index.ts";
import { apiKeyVerifier, basicVerifier } from "./credentials.ts";
import { HOOK_DEFAULTS, type HookOptions, type HookSecret, type VerifierName } from "./hook-options.ts";
import { HookOptionError } from "./mapping/option-error.ts";

/** Throws DecodeError for what is not from the sender; its message is for the log. */
export interface HookVerifier {
  verify(request: WebhookRequest): {
    /** What the sender vouches for; none where nothing is signed. */
    readonly id?: string;
    readonly timestamp?: Date;
  };
}

/** Verifiers that need members of their own, and those members. */
const OWN_MEMBERS = { hmac: "hmac", basic: "basic", "api-key": "api_key" } as const;

/** Those that prove a sender by what it knows, not by a signature over the body. */
export const UNSIGNED: readonly VerifierName[] = ["basic", "api-key", "none"];

/** undefined for `none`. Throws HookOptionError. */
export function createHookVerifier(options: HookOptions): HookVerifier | undefined {
  const { verifier, hmac, basic, api_key: apiKey } = options;
  for (const [name, member] of Object.entries(OWN_MEMBERS)) {
    if (options[member] !== undefined && verifier !== name)
      throw new HookOptionError(`/${member}`, `belongs to the verifier ${name}`);
  }
  const secrets = secretsOf(options.secrets ?? []);
  if (verifier === "none") {
    if (secrets.length > 0) throw new HookOptionError("/secrets", "says nothing with the verifier none");
    return undefined;
  }
  if (secrets.length === 0) throw new HookOptionError("/secrets", "needs at least one secret");
  const shared = { secrets, toleranceSeconds: options.tolerance_seconds ?? HOOK_DEFAULTS.toleranceSeconds };
  try {
    switch (verifier) {
      case "hmac":
        if (hmac === undefined) throw new HookOptionError("/hmac", "is needed by the verifier hmac");
        return WEBHOOK_VERIFIERS.hmac({ ...shared, ...hmac });
      case "basic":
        if (basic === undefined) throw new HookOptionError("/basic", "is needed by the verifier basic");
        return basicVerifier(basic.username, secrets);
      case "api-key":
        return apiKeyVerifier((apiKey?.header ?? "x-api-key").toLowerCase(), apiKey?.prefix ?? "", secrets);
      default:
        return WEBHOOK_VERIFIERS[verifier](shared);
    }
  } catch (error) {
    if (error instanceof ConfigurationError && !(error instanceof HookOptionError))
      throw new HookOptionError("/secrets", error.message);
    throw error;
  }
}

function secretsOf(secrets: readonly HookSecret[]): readonly TimedSecret[] {
  return secrets.map((item, at) => {
    if (typeof item === "string") return { secret: item };
    const { valid_from: from, valid_until: until } = item;
    return {
      secret: "env" in item ? secretOfEnvironment(item.env, `/secrets/${at}/env`) : item.secret,
      ...(from === undefined ? {} : { validFrom: readDate(from, `/secrets/${at}/valid_from`) }),
      ...(until === undefined ? {} : { validUntil: readDate(until, `/secrets/${at}/valid_until`) }),
    };
  });
}

function secretOfEnvironment(name: string, where: string): string {
  const secret = process.env[name];
  if (secret !== undefined && secret !== "") return secret;
  throw new HookOptionError(where, `names the variable ${name} of the environment, which is not set`);
}

/** Times of secrets: the schema has accepted their form. */
function readDate(text: string, where: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new HookOptionError(where, "is no time with an offset");
  return date;
}
