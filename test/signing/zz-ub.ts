import { constants, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { DEFAULT_LIMITS, createCodecs, jsonSerializer } from "../../codecs/index.ts";
import { createAuthSerializer } from "../../signing/auth/index.ts";
import { openFrame, readFields } from "../../signing/auth/frame.ts";
import { verifyPss } from "../../signing/auth/signing-key.ts";
const d="/tmp/authbench";
const s = createAuthSerializer({ codecs: createCodecs(), securityKey: d+"/k.pem", securityCertificate: d+"/store/c.pem", securityCertStore: d+"/store" });
const framed=await s.serialize([[2,2],{},{callbacks:null,errbacks:null,chain:null,chord:null}]);
const pub=new X509Certificate(readFileSync(d+"/store/c.pem")).publicKey;
const f=readFields(openFrame(framed),256);
const P=constants.RSA_PKCS1_PSS_PADDING;
const bare=()=>new Promise<boolean>((r,j)=>verify("sha256",f.body,{key:pub,padding:P,saltLength:constants.RSA_PSS_SALTLEN_AUTO},f.signature,(e,x)=>e?j(e):r(x)));
const cases:[string,()=>unknown][]=[["bare",bare],["verifyPss",()=>verifyPss("sha256",f.body,pub,f.signature)],["async verifyPss",async()=>{ await verifyPss("sha256",f.body,pub,f.signature); return 1;}],
["+json",async()=>{ await verifyPss("sha256",f.body,pub,f.signature); return jsonSerializer.deserialize(f.body,DEFAULT_LIMITS);}],
["+frame",async()=>{ const o=openFrame(framed); const g=readFields(o,256); await verifyPss("sha256",g.body,pub,g.signature); return 1;}],
["+open",async()=>{ const o=openFrame(framed);  await verifyPss("sha256",f.body,pub,f.signature); return o;}],
["serializer",()=>s.deserialize(framed,DEFAULT_LIMITS)]];
async function rate(f:()=>unknown, n:number, c=16){ let left=n; const t=process.cpuUsage(); await Promise.all(Array.from({length:c},async()=>{while(left-->0) await f();})); const u=process.cpuUsage(t); return (u.user+u.system)/n; }
const res=new Map(cases.map(([n])=>[n,[] as number[]]));
for(let i=0;i<40;i++) for(const [n,f] of cases) res.get(n)!.push(await rate(f,2500));
for(const [n,r] of res){ r.sort((a,b)=>a-b); console.log(n.padEnd(18),"p25",r[10]!.toFixed(1),"median",r[20]!.toFixed(1)); }
