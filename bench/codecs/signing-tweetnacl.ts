/** tweetnacl, bare, on the bytes that a seal signs. */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import nacl from "tweetnacl";
import { runProgram } from "./program.ts";
import { KEY_FILES } from "./signed.ts";

await runProgram(async ({ folder, measure }) => {
  const sealed = readFileSync(join(folder, KEY_FILES.sealed));
  const { d = "" } = createPrivateKey(readFileSync(join(folder, KEY_FILES.ed25519Key))).export({
    format: "jwk",
  });
  const { secretKey, publicKey } = nacl.sign.keyPair.fromSeed(Buffer.from(d, "base64url"));
  const seal = nacl.sign.detached(sealed, secretKey);
  await measure("seal Ed25519 sign", () => nacl.sign.detached(sealed, secretKey));
  await measure("seal Ed25519 verify", () => nacl.sign.detached.verify(sealed, seal, publicKey));
});
