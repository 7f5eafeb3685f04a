import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { createAuthSerializer } from "../../signing/auth/index.ts";

const d = "/tmp/authbench";
const s = createAuthSerializer({
  codecs: createCodecs(),
  securityKey: d + "/k.pem",
  securityCertificate: d + "/store/c.pem",
  securityCertStore: d + "/store",
});
const framed = await s.serialize([[2, 2], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]);
let left = 200000;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (left-- > 0) await s.deserialize(framed, DEFAULT_LIMITS);
  }),
);
