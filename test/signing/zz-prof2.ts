import { constants, createPrivateKey, sign, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

const d = "/tmp/authbench";
const body = Buffer.from(
  JSON.stringify([[2, 2], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]),
);
const key = createPrivateKey(readFileSync(d + "/k.pem"));
const pub = new X509Certificate(readFileSync(d + "/store/c.pem")).publicKey;
const P = constants.RSA_PKCS1_PSS_PADDING;
const sig = sign("sha256", body, { key, padding: P, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN });
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
let left = 200000;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (left-- > 0) await bareVerify();
  }),
);
