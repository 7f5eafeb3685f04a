import { pickleSerializer, jsonSerializer, DEFAULT_LIMITS } from "./index.ts";
import { tuple } from "../protocol/index.ts";
const small = tuple<unknown>(tuple(2,2), {}, {callbacks:null,errbacks:null,chain:null,chord:null});
const large = [Array.from({length: 100}, (_, i) => ({ id: i, name: `name ${i}`, ratio: i/7, tags: ["a","b"], nested: {x: [i]} })), {}, {}];
for (const [n, v, c] of [["small", small, 100000], ["10kB", large, 2000]] as const) for (const s of [pickleSerializer, jsonSerializer]) {
  const b = s.serialize(v);
  for (let r=0;r<3;r++){
  let t = performance.now(); for (let i=0;i<c;i++) s.serialize(v); const w = c/(performance.now()-t)*1000;
  t = performance.now(); for (let i=0;i<c;i++) s.deserialize(b, DEFAULT_LIMITS); const rd = c/(performance.now()-t)*1000;
  if (r==2) console.log(n, s.name, b.length, Math.round(w), Math.round(rd));}
}
const body = Buffer.concat([Buffer.from("]("), Buffer.alloc(900000, "]"), Buffer.from("e.")]);
(globalThis as any).gc(); const r0=process.memoryUsage().rss; const t=performance.now(); const v = pickleSerializer.deserialize(body, DEFAULT_LIMITS) as unknown[];
console.log(v.length, Math.round(performance.now()-t), (process.memoryUsage().rss-r0)/1e6);
