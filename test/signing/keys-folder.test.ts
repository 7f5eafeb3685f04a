import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  addKey,
  listKeys,
  loadPrivateKey,
  loadPublicKeys,
  pruneKeys,
  thumbprint,
} from "../../signing/index.ts";
import { temporaryFolder } from "../helpers/services.ts";

const start = new Date("2026-01-02T00:00:00Z");

function later(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000);
}

/** States by key id. */
function states(folder: string, now: Date): Record<string, string> {
  return Object.fromEntries(listKeys(folder, now).map(({ kid, state }) => [kid, state]));
}

describe("a key folder", () => {
  it("keeps private keys private", async () => {
    const folder = join(await temporaryFolder(), "keys");
    const key = addKey(folder);
    const modeOf = (path: string) => statSync(path).mode & 0o777;
    expect(modeOf(key.privateFile)).toBe(0o600);
    expect(modeOf(join(folder, "private"))).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(["keys.json", "private", "public"]);
    expect(thumbprint(loadPrivateKey(folder))).toBe(key.kid);
    expect([...loadPublicKeys([folder]).keys()]).toEqual([key.kid]);
  });

  it("encrypts private keys when there is a password", async () => {
    const folder = await temporaryFolder();
    const { kid } = addKey(folder, { password: "correct horse" });
    expect(() => loadPrivateKey(folder)).toThrow("is encrypted");
    expect(thumbprint(loadPrivateKey(folder, "correct horse"))).toBe(kid);
  });

  it("goes from one key to the next at the time given, and keeps the old public key", async () => {
    const folder = await temporaryFolder();
    const first = addKey(folder, { now: start }).kid;
    const second = addKey(folder, { now: later(10), validFrom: later(60) }).kid;
    expect(states(folder, later(59))).toEqual({ [first]: "current", [second]: "next" });
    expect(states(folder, later(60))).toEqual({ [first]: "retired", [second]: "current" });
    expect(listKeys(folder, later(59)).map(({ validUntil }) => validUntil)).toEqual([later(60), undefined]);
    expect([...loadPublicKeys([folder]).keys()].sort()).toEqual([first, second].sort());
    expect(readdirSync(join(folder, "private"))).toHaveLength(2);
    // By now, the second key has signed for a long time.
    expect(thumbprint(loadPrivateKey(folder))).toBe(second);
  });

  it("deletes a retired private key with the next change, and the public one when it is pruned", async () => {
    const folder = await temporaryFolder();
    const first = addKey(folder, { now: start });
    const second = addKey(folder, { now: later(60) });
    expect(existsSync(first.privateFile)).toBe(false);
    expect(existsSync(first.publicFile)).toBe(true);
    expect(pruneKeys(folder, later(60), later(100))).toEqual([]);
    expect(pruneKeys(folder, later(61), later(100)).map(({ kid }) => kid)).toEqual([first.kid]);
    expect(states(folder, later(100))).toEqual({ [second.kid]: "current" });
    expect([...loadPublicKeys([folder]).keys()]).toEqual([second.kid]);
    expect(pruneKeys(folder, later(1e6), later(1e6))).toEqual([]);
  });

  it("refuses a key that would not be the next one", async () => {
    const folder = await temporaryFolder();
    addKey(folder, { now: start, validFrom: later(60) });
    expect(() => addKey(folder, { now: later(60) })).toThrow("must do so later");
    expect(readdirSync(join(folder, "private"))).toHaveLength(1);
    expect(existsSync(join(folder, "keys.json.lock"))).toBe(false);
  });

  it("has no key to sign with before one is valid", async () => {
    const folder = await temporaryFolder();
    expect(listKeys(folder)).toEqual([]);
    expect(() => loadPrivateKey(folder)).toThrow("no key that is valid now");
    addKey(folder, { validFrom: new Date(Date.now() + 3_600_000) });
    expect(() => loadPrivateKey(folder)).toThrow("no key that is valid now");
  });

  it("is changed by one process at a time", async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, "keys.json.lock"), "");
    expect(() => addKey(folder)).toThrow("Another command is changing");
    rmSync(join(folder, "keys.json.lock"));
    expect(addKey(folder).state).toBe("current");
  });

  it.each([
    "",
    "[]",
    '{"keys":1}',
    '{"keys":[{}]}',
    '{"keys":[{"kid":"../../etc/passwd","validFrom":"2026-01-02T00:00:00Z"}]}',
    `{"keys":[{"kid":"${"a".repeat(43)}","validFrom":"soon"}]}`,
  ])("refuses a list of keys that it did not write: %s", async (text) => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, "keys.json"), text);
    expect(() => listKeys(folder)).toThrow(expect.objectContaining({ code: "bad_config" }));
  });
});
