/** The bare functions of node:crypto, on the same bytes; RSA in the same way as ours, on libuv's threads. */
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { runProgram } from "./program.ts";
import { bodyOf, KEY_FILES } from "./signed.ts";

const signAsync = promisify(sign);
const verifyAsync = promisify(verify);
const padding = constants.RSA_PKCS1_PSS_PADDING;

await runProgram(async ({ folder, measure }) => {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const body = bodyOf(folder);

  const rsa = createPrivateKey(read(KEY_FILES.rsaKey));
  const signer = { key: rsa, padding, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
  const signature = await signAsync("sha256", body, signer);
  const verifier = { key: createPublicKey(rsa), padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  await measure("auth RSA-2048 sign", () => signAsync("sha256", body, signer));
  await measure("auth RSA-2048 verify", () => verifyAsync("sha256", body, verifier, signature));

  const sealed = read(KEY_FILES.sealed);
  const privateKey = createPrivateKey(read(KEY_FILES.ed25519Key));
  const publicKey = createPublicKey(privateKey);
  const seal = sign(null, sealed, privateKey);
  await measure("seal Ed25519 sign", () => sign(null, sealed, privateKey));
  await measure("seal Ed25519 verify", () => verify(null, sealed, publicKey, seal));

  const secret = Buffer.alloc(32, 1);
  const hmac = (): Buffer =>
    createHmac("sha256", secret).update("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1700000000.").update(body).digest();
  const expected = hmac().toString("base64");
  await measure("webhook HMAC-SHA256 sign", () => hmac().toString("base64"));
  await measure("webhook HMAC-SHA256 verify", () => timingSafeEqual(hmac(), Buffer.from(expected, "base64")));
});
