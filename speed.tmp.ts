import { execFileSync } from "node:child_process";
import { deflateSync, inflateSync } from "node:zlib";
import { zlibCompressor as z } from "./codecs/zlib.ts";
const py = `
import zlib,time,json,sys
n=int(sys.argv[1]); R=int(sys.argv[2])
s="";i=0
while len(s)<n:
    s+='{"id": %d, "name": "user %d", "ok": true}, '%(i*7919%10007,i); i+=1
b=s[:n].encode(); c=zlib.compress(b)
def t(f):
    t0=time.process_time()
    for _ in range(R): f()
    return (time.process_time()-t0)/R*1e6
t(lambda:zlib.compress(b)); t(lambda:zlib.decompress(c))
print(json.dumps([t(lambda:zlib.compress(b)),t(lambda:zlib.decompress(c))]))
`;
const median=(x:number[])=>x.sort((a,b)=>a-b)[x.length>>1]!;
const cpu=()=>{const u=process.cpuUsage();return u.user+u.system};
for (const n of [100,300,1000,10000,1000000]) {
  let s="";for(let i=0;s.length<n;i++) s+=`{"id": ${i*7919%10007}, "name": "user ${i}", "ok": true}, `;
  const b=Buffer.from(s.slice(0,n)), c=deflateSync(b);
  const R=Math.max(10,Math.min(20000,Math.trunc(6e6/n)));
  const time=async(f:()=>unknown)=>{ for(let i=0;i<R/4;i++){const r=f(); if(r instanceof Promise) await r} const t=cpu(); for(let i=0;i<R;i++){const r=f(); if(r instanceof Promise) await r} return (cpu()-t)/R};
  const r:Record<string,number[]>={};
  const add=(k:string,v:number)=>(r[k]??=[]).push(v);
  for(let k=0;k<7;k++){
    add("ours c",await time(()=>z.compress(b))); add("bare c",await time(()=>deflateSync(b)));
    const [pc,pd]=JSON.parse(execFileSync(".venv/celery-latest/bin/python",["-c",py,String(n),String(R)]).toString());
    add("py c",pc);
    add("ours d",await time(()=>z.decompress(c,1<<24))); add("bare d",await time(()=>inflateSync(c,{maxOutputLength:1<<24}))); add("py d",pd);
  }
  console.log(n,Object.entries(r).map(([k,v])=>`${k} ${median(v).toFixed(1)}`).join("  "));
}
