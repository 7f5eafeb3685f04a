import { fileURLToPath } from "node:url";
import type { JsonNameParams } from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type Serializer } from "../../codecs/index.ts";
import { parseCertificate } from "../../signing/auth/certificate.ts";
import { python, pythonVersions } from "../helpers/python.ts";
import {
  authSerializer,
  certificatePem,
  type KeyPair,
  keyPem,
  makeKeys,
  makePlace,
} from "./auth-certificates.ts";

const place = await makePlace();
const [keys, small, large] = await Promise.all([
  makeKeys("rsa2048"),
  makeKeys("rsa1024"),
  makeKeys("rsa4096"),
]);
const file = fileURLToPath(new URL("auth_celery.py", import.meta.url));
const value = [[1, "za\u017c\u00f3\u0142\u0107 \ud83d\ude00"], { k: [null, true, 1.5] }, { chord: null }];

interface Answer {
  readonly jobs: readonly { readonly signed: string; readonly read: unknown }[];
  readonly ids: readonly string[];
}

/** Our files for a key, under the names that auth_celery.py has for them. */
async function filesOf(
  name: string,
  pair: KeyPair,
): Promise<Readonly<Record<"key" | "cert" | "store", string>>> {
  const cert = await certificatePem({ keys: pair, subject: `CN=${name}` });
  return {
    key: place.write(`${name}/key.pem`, keyPem(pair)),
    cert: place.write(`${name}/store/cert.pem`, cert),
    store: place.path(`${name}/store`),
  };
}

const files = [await filesOf("2048", keys), await filesOf("1024", small), await filesOf("4096", large)];
const digests = ["sha224", "sha256", "sha384", "sha512", "sha512_224", "sha512_256"];
const all = [...digests, "sha3_224", "sha3_256", "sha3_384", "sha3_512", "SHA256", "sha1", "md5"];

describe.each(pythonVersions())("Celery %s", (version) => {
  const layout = version === "5.2" ? "legacy" : "current";
  // Celery 5.2 decodes every signed body as text.
  const serializers = version === "5.2" ? ["json", "yaml"] : ["json", "yaml", "msgpack"];

  test("reads what we sign, and we what it signs: all digests, serializers and sizes of keys", async () => {
    const cases = [
      ...all.map((digest) => ({ ...(files[0] ?? raise()), digest, serializer: "json" })),
      ...files.flatMap((file) =>
        serializers.map((serializer) => ({ ...file, digest: "sha256", serializer })),
      ),
    ];
    const serializerOf = ({ key, cert, store, digest, serializer }: (typeof cases)[number]): Serializer =>
      authSerializer({
        securityKey: key,
        securityCertificate: cert,
        securityCertStore: store,
        securityDigest: digest,
        serializer,
        layout,
        allowWeakDigest: true,
      });
    const jobs = await Promise.all(
      cases.map(async (one) => {
        const body = Buffer.from(await serializerOf(one).serialize(value)).toString();
        return { ...one, value, body };
      }),
    );
    const answer = (await python({ version, file, input: { jobs, certificates: [] } })) as Answer;
    for (const [at, one] of cases.entries()) {
      const { signed, read } = answer.jobs[at] ?? raise();
      expect(read).toEqual(value);
      expect(await serializerOf(one).deserialize(Buffer.from(signed), DEFAULT_LIMITS)).toEqual(value);
    }
  });

  test("names signers as we do", async () => {
    // Older releases of Python's cryptography give such an RDN's attributes in an order that changes with each process.
    const issuers = version === "5.2" ? ISSUERS : [...ISSUERS, TWO_IN_ONE_RDN];
    const certificates = await Promise.all(
      issuers.flatMap((issuer) => SERIALS.map((serial) => certificatePem({ keys, issuer, serial }))),
    );
    const answer = (await python({ version, file, input: { jobs: [], certificates } })) as Answer;
    expect(certificates.map((pem) => parseCertificate(Buffer.from(pem)).id)).toEqual(answer.ids);
    expect(answer.ids[0]).toBe("PL Wire Test wire.example 1");
  });
});

const SERIALS = [
  "01",
  "7f",
  "0080",
  "00ffffffffffffffff",
  "112210f47de98115",
  "7fffffffffffffffffffffffffffffffffffffff",
];
const ISSUERS: readonly (string | JsonNameParams)[] = [
  "C=PL, O=Wire Test, CN=wire.example",
  [{ CN: [{ utf8String: "za\u017c\u00f3\u0142\u0107 \ud83d\ude00" }] }],
  [{ CN: [{ bmpString: "za\u017c\u00f3\u0142\u0107" }] }, { O: [{ printableString: "x" }] }],
  [{ CN: [{ utf8String: 'a, b + c = "d" \\ <e>; #f\n\t g  ' }] }],
  [{ CN: [{ utf8String: " padded " }] }, { O: [{ utf8String: "" }] }],
  [
    { DC: [{ ia5String: "example" }] },
    { DC: [{ ia5String: "com" }] },
    { E: [{ ia5String: "a@example.com" }] },
  ],
  [{ OU: ["one"] }, { OU: ["two"] }, { CN: ["three"] }, { OU: ["four"] }],
  [{ "1.3.6.1.4.1.55555.1": [{ utf8String: "an attribute nobody knows" }] }],
  [],
];

/** In the order of their encodings, as DER wants it. */
const TWO_IN_ONE_RDN: JsonNameParams = [{ CN: ["first"], O: ["second"] }, { C: ["PL"] }];

function raise(): never {
  throw new Error("It must be there.");
}
