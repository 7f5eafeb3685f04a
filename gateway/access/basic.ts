/** HTTP Basic, for callers of Flower's API, which know nothing else. */
import { randomBytes } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";
import type { Caller } from "./caller.ts";
import { isSecret } from "./credential.ts";
import { digestOf } from "./key-text.ts";
import type { BasicUser } from "./options.ts";
import { checkPolicy, toCaller } from "./policy.ts";
import type { Tenants } from "./tenants.ts";

export interface BasicLogin {
  readonly name: string;
  readonly password: string;
}

/** What stands behind `Basic ` in the header; undefined when it is not name, colon and password. */
export function readBasic(text: string): BasicLogin | undefined {
  const login = Buffer.from(text, "base64").toString("utf8");
  const colon = login.indexOf(":");
  return colon < 1 ? undefined : { name: login.slice(0, colon), password: login.slice(colon + 1) };
}

interface KnownUser {
  readonly caller: Caller | undefined;
  readonly digest: Buffer;
}

/** Compared with when there is no such user. */
const NOBODY: KnownUser = { caller: undefined, digest: randomBytes(32) };

/** Users of the configuration; the result says who has this name and password. Throws ConfigurationError. */
export function createUsers(
  users: readonly BasicUser[],
  tenants: Tenants,
): (login: BasicLogin) => Caller | undefined {
  const known = new Map<string, KnownUser>();
  for (const { name, password, policy = {} } of users) {
    if (name === "" || name.includes(":") || password === "")
      throw new ConfigurationError("A user needs a name without a colon, and a password.");
    const caller = toCaller(`user:${name}`, checkPolicy(policy, `the user ${name}`), tenants);
    known.set(name, { caller, digest: digestOf(password) });
  }
  return ({ name, password }) => {
    const { caller, digest } = known.get(name) ?? NOBODY;
    return isSecret(password, digest) ? caller : undefined;
  };
}
