import {
  constants,
  createPrivateKey,
  generateKeyPairSync,
  KeyObject,
  sign,
  verify,
  X509Certificate,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { createAuthSerializer } from "../../signing/auth/index.ts";

const d = "/tmp/authbench";
const s = createAuthSerializer({
  codecs: createCodecs(),
  securityKey: d + "/k.pem",
  securityCertificate: d + "/store/c.pem",
  securityCertStore: d + "/store",
});
const value = [[2, 2], {}, { callbacks: null, errbacks: null, chain: null, chord: null }];
const body = Buffer.from(JSON.stringify(value));
const key = createPrivateKey(readFileSync(d + "/k.pem"));
const pub = new X509Certificate(readFileSync(d + "/store/c.pem")).publicKey;
const P = constants.RSA_PKCS1_PSS_PADDING;
const bareSign = () =>
  new Promise<Buffer>((r, j) =>
    sign("sha256", body, { key, padding: P, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN }, (e, x) =>
      e ? j(e) : r(x),
    ),
  );
const sig = await bareSign();
const framed = await s.serialize(value);
const bareVerify = () =>
  new Promise<boolean>((r, j) =>
    verify(
      "sha256",
      body,
      { key: pub, padding: P, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
      sig,
      (e, x) => (e ? j(e) : r(x)),
    ),
  );
async function rate(f: () => unknown, n: number, c = 16) {
  let left = n;
  const t = process.cpuUsage();
  await Promise.all(
    Array.from({ length: c }, async () => {
      while (left-- > 0) await f();
    }),
  );
  const u = process.cpuUsage(t);
  return n / ((u.user + u.system) / 1e6);
}
const cases: [string, () => unknown, () => unknown, number][] = [
  ["sign", bareSign, () => s.serialize(value), 2500],
  ["verify", bareVerify, () => s.deserialize(framed, DEFAULT_LIMITS), 30000],
];

const json = createCodecs().serializer("json");
cases.push([
  "verify+json",
  async () => {
    await bareVerify();
    json.deserialize(body, DEFAULT_LIMITS);
  },
  () => s.deserialize(framed, DEFAULT_LIMITS),
  30000,
]);
for (const [n, a, b, k0] of cases) {
  const k = k0 / 10;
  await rate(a, k0 / 5);
  await rate(b, k0 / 5);
  const ra: number[] = [],
    rb: number[] = [];
  for (let i = 0; i < 41; i++) {
    ra.push(await rate(a, k));
    rb.push(await rate(b, k));
  }
  ra.sort((x, y) => x - y);
  rb.sort((x, y) => x - y);
  const q = (r: number[], f: number) => r[Math.floor(r.length * f)]!;
  console.log(
    n,
    "cpu/s bare",
    Math.round(q(ra, 0.5)),
    "serializer",
    Math.round(q(rb, 0.5)),
    "ratio",
    (q(rb, 0.5) / q(ra, 0.5)).toFixed(3),
    "best",
    (q(rb, 0.9) / q(ra, 0.9)).toFixed(3),
  );
}
