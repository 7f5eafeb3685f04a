import { createCodecs, DEFAULT_LIMITS, jsonSerializer } from "../../codecs/index.ts";
import { openFrame, readFields } from "../../signing/auth/frame.ts";
import { createAuthSerializer } from "../../signing/auth/index.ts";
import { TrustStore } from "../../signing/auth/trust-store.ts";

const d = "/tmp/authbench";
const s = createAuthSerializer({
  codecs: createCodecs(),
  securityKey: d + "/k.pem",
  securityCertificate: d + "/store/c.pem",
  securityCertStore: d + "/store",
});
const value = [[2, 2], {}, { callbacks: null, errbacks: null, chain: null, chord: null }];
const framed = await s.serialize(value);
const opened = openFrame(framed);
const f = readFields(opened, 256);
const store = new TrustStore({
  paths: { securityCertStore: d + "/store" },
  now: Date.now,
  onWarning: () => {},
});
function time(n: string, fn: () => void) {
  for (let i = 0; i < 20000; i++) fn();
  const t = performance.now();
  for (let i = 0; i < 100000; i++) fn();
  console.log(n, ((performance.now() - t) / 100).toFixed(2), "us");
}
time("open", () => {
  openFrame(framed);
});
time("fields", () => {
  readFields(opened, 256);
});
time("store", () => {
  store.require(opened.signer);
});
time("json", () => {
  jsonSerializer.deserialize(f.body, DEFAULT_LIMITS);
});
const b = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
time("latin1", () => {
  b.toString("latin1");
});
time("b64", () => {
  Buffer.from(b.toString("latin1"), "base64");
});
time("includes", () => {
  b.includes(0x2d);
});
