import { beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../codecs/index.ts";
import {
  authSerializer,
  certificatePem,
  derOf,
  type KeyPair,
  keyPem,
  makeKeys,
  makePlace,
  revocationListPem,
} from "./auth-certificates.ts";

const place = await makePlace();
const [root, middle, leaf, stranger, ec, ed25519] = await Promise.all([
  makeKeys("rsa2048"),
  makeKeys("ec"),
  makeKeys("rsa2048"),
  makeKeys("rsa2048"),
  makeKeys("ec"),
  makeKeys("ed25519"),
]);
const ROOT = "CN=root";
const MIDDLE = "CN=middle";
const asRoot = { by: root, issuer: ROOT };
const asMiddle = { by: middle, issuer: MIDDLE };

const rootPem = await certificatePem({ keys: root, subject: ROOT, isAuthority: true });
const middlePem = await certificatePem({
  keys: middle,
  subject: MIDDLE,
  serial: "02",
  isAuthority: true,
  ...asRoot,
});
const bundle = place.write("bundle.pem", `The fleet's authorities.\n${rootPem}\n${middlePem}`);
let bytes: Uint8Array;

beforeAll(async () => {
  const securityCertificate = place.write(
    "leaf.pem",
    await certificatePem({ keys: leaf, ...asMiddle, serial: "2a" }),
  );
  const securityKey = place.write("leaf.key", keyPem(leaf));
  bytes = await authSerializer({ securityKey, securityCertificate }).serialize(1);
});

interface Case {
  /** The certificate in the store. Default: the one that signed. */
  readonly stored?: string;
  readonly authorities?: string | null;
  readonly list?: string | Uint8Array;
}

let cases = 0;

/** "no error", or the code that reading gives; throws what making the serializer throws. */
async function verdict({
  stored,
  authorities = bundle,
  list,
}: Case): Promise<{ code: string; warnings: string[] }> {
  cases += 1;
  const warnings: string[] = [];
  const pem = stored ?? (await certificatePem({ keys: leaf, ...asMiddle, serial: "2a" }));
  place.write(`${cases}/store/leaf.pem`, pem);
  const serializer = authSerializer({
    securityCertStore: place.path(`${cases}/store`),
    securityCaCertificates: authorities,
    ...(list === undefined ? {} : { securityRevocationList: place.write(`${cases}/list.crl`, list) }),
    onWarning: (text) => warnings.push(text),
  });
  const reading = async (): Promise<unknown> => serializer.deserialize(bytes, DEFAULT_LIMITS);
  const code = await reading().then(
    () => "no error",
    (error: { readonly code: string }) => error.code,
  );
  return { code, warnings };
}

describe("authorities", () => {
  test("take a certificate that one of them issued, directly or not", async () => {
    expect(await verdict({})).toEqual({ code: "no error", warnings: [] });
    const alone = place.write("middle.pem", middlePem);
    expect(await verdict({ authorities: alone })).toEqual({ code: "no error", warnings: [] });
    place.write("folder/root.pem", rootPem);
    place.write("folder/middle.pem", middlePem);
    expect((await verdict({ authorities: place.path("folder") })).code).toBe("no error");
    expect((await verdict({ authorities: place.path("folder/*.pem") })).code).toBe("no error");
  });

  test("are not asked when there are none", async () => {
    expect((await verdict({ authorities: null })).code).toBe("no error");
  });

  const refused: Record<string, () => Promise<Case>> = {
    "of which only a further one is known": async () => ({ authorities: place.write("root.pem", rootPem) }),
    "of the same name and another key": async () => ({
      authorities: place.write(
        "fake.pem",
        await certificatePem({ keys: stranger, subject: MIDDLE, isAuthority: true }),
      ),
    }),
    "whose certificate is none of an authority": async () => ({
      authorities: place.write(
        "plain.pem",
        await certificatePem({ keys: middle, subject: MIDDLE, ...asRoot }),
      ),
    }),
  };
  test.each(Object.entries(refused))("refuse a certificate of an issuer %s", async (_, make) => {
    const { code, warnings } = await verdict(await make());
    expect(code).toBe("key_unknown");
    expect(warnings).toEqual([expect.stringContaining("no certificate of securityCaCertificates issued it")]);
  });

  test("must be valid themselves; the one that lasts longest counts", async () => {
    const old = {
      keys: middle,
      subject: MIDDLE,
      isAuthority: true,
      ...asRoot,
      notAfter: "2024-01-01T00:00:00Z",
    };
    const oldPem = await certificatePem(old);
    expect((await verdict({ authorities: place.write("old.pem", oldPem) })).code).toBe("cert_expired");
    const renewed = place.write("renewed.pem", oldPem + middlePem);
    expect((await verdict({ authorities: renewed })).code).toBe("no error");
  });

  test("must be there", async () => {
    await expect(verdict({ authorities: place.path("*.nothing") })).rejects.toThrow(
      /^securityCaCertificates: .* has no files/,
    );
    await expect(verdict({ authorities: place.write("note.txt", "no certificate") })).rejects.toThrow(
      /^securityCaCertificates: .*note.txt cannot be used/,
    );
  });
});

describe("revocation lists", () => {
  const list = (by: KeyPair, issuer: string, ...serials: string[]): Promise<string> =>
    revocationListPem({ by, issuer, serials });

  test("refuse what they name, and only that", async () => {
    expect((await verdict({ list: await list(middle, MIDDLE, "2a") })).code).toBe("cert_revoked");
    expect((await verdict({ list: await list(middle, MIDDLE, "2b", "01") })).code).toBe("no error");
    expect((await verdict({ list: await list(middle, MIDDLE) })).code).toBe("no error");
    // The root's certificate number 42 is another one.
    expect((await verdict({ list: await list(root, ROOT, "2a") })).code).toBe("no error");
  });

  test("of an authority further up refuse what its own certificates issued", async () => {
    expect((await verdict({ list: await list(root, ROOT, "02") })).code).toBe("cert_revoked");
  });

  test("may be several in one file, and DER", async () => {
    const lists = (await list(root, ROOT, "07")) + (await list(middle, MIDDLE, "2a"));
    expect((await verdict({ list: lists })).code).toBe("cert_revoked");
    const der = derOf(await list(middle, MIDDLE, "2a"));
    expect((await verdict({ list: der })).code).toBe("cert_revoked");
  });

  test("are found by their key when their issuer's name is spelt another way", async () => {
    const respelt = await list(middle, "CN=Middle", "2a");
    expect((await verdict({ list: respelt })).code).toBe("cert_revoked");
  });

  test.each([
    ["EC", ec],
    ["Ed25519", ed25519],
  ])("may carry a signature of %s", async (_, keys) => {
    const authorities = place.write(
      "ca.pem",
      await certificatePem({ keys, subject: "CN=ca", isAuthority: true }),
    );
    const stored = await certificatePem({ keys: leaf, by: keys, issuer: "CN=ca", serial: "07" });
    expect((await verdict({ stored, authorities, list: await list(keys, "CN=ca", "07") })).warnings).toEqual([
      expect.stringContaining('"ca 7" is refused: it, or an issuer of it, is on the revocation list'),
    ]);
  });

  test("out of date are worth a warning, and still count", async () => {
    const stale = { by: middle, issuer: MIDDLE, serials: ["2a"], nextUpdate: "2024-02-01T00:00:00Z" };
    const { code, warnings } = await verdict({ list: await revocationListPem(stale) });
    expect(code).toBe("cert_revoked");
    expect(warnings).toContainEqual(expect.stringMatching(/list.crl is out of date/));
  });

  test("are refused when nobody known signed them", async () => {
    await expect(verdict({ list: await list(stranger, MIDDLE, "2a") })).rejects.toThrow(
      /^securityRevocationList: .* no certificate of securityCaCertificates signed it/,
    );
  });

  test("are refused when they were changed", async () => {
    const der = derOf(await list(middle, MIDDLE, "2a"));
    der.writeUInt8(0x2b, der.indexOf(Buffer.from([0x02, 0x01, 0x2a])) + 2);
    await expect(verdict({ list: der })).rejects.toThrow(/signed it/);
  });

  test.each([
    ["a delta", "2.5.29.27", /delta, partial or indirect/],
    ["of one distribution point", "2.5.29.28", /delta, partial or indirect/],
  ])("are refused when they are %s", async (_, type, message) => {
    const partial = await revocationListPem({ by: middle, issuer: MIDDLE, serials: [], critical: [type] });
    await expect(verdict({ list: partial })).rejects.toThrow(message);
  });

  test("are refused when they are something else, or cut short anywhere", async () => {
    await expect(verdict({ list: "no list" })).rejects.toThrow(/^securityRevocationList: .*cannot be used/);
    await expect(verdict({ list: middlePem })).rejects.toThrow(/^securityRevocationList: .*cannot be used/);
    const der = derOf(await list(middle, MIDDLE, "2a"));
    for (let length = 0; length < der.length; length += 7) {
      await expect(verdict({ list: der.subarray(0, length) })).rejects.toMatchObject({ code: "bad_config" });
    }
  });
});
