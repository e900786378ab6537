import { nativeEngine } from "@concord/engine/node";
import { workloads } from "./workloads.ts";
import { startPyTorch } from "./peer.ts";
const rounds=Number(process.argv[2]??7); const only=process.argv.slice(3);
const n=await nativeEngine({strict:true});
const py=(await startPyTorch(1))!; console.log(py.version,py.blas);
let geo=0,cnt=0;
for(const w of workloads()){ if(only.length&&!only.includes(w.name)) continue;
 const a=await n.compileStep(w.step);
 const K=w.steps; const inputs=Array.from({length:K},(_,i)=>w.input(i));
 await a.run(w.carry,inputs.slice(0,1)); await py.time(w.name,1);
 const ns:number[]=[],ps:number[]=[],rs:number[]=[];
 for(let i=0;i<rounds;i++){const t=performance.now(); await a.run(w.carry,inputs); const x=(performance.now()-t)/K; const y=await py.time(w.name,K); ns.push(x);ps.push(y);rs.push(x/y);}
 const s=(v:number[])=>v.toSorted((x,y)=>x-y);
 const med=s(rs)[rounds>>1]!; geo+=Math.log(med);cnt++;
 console.log(w.name.padEnd(12),"native min",s(ns)[0]!.toFixed(3),"med",s(ns)[rounds>>1]!.toFixed(3)," torch min",s(ps)[0]!.toFixed(3),"med",s(ps)[rounds>>1]!.toFixed(3)," ratio med",med.toFixed(3),"of mins",(s(ns)[0]!/s(ps)[0]!).toFixed(3));
 a.dispose();
}
console.log("geomean",Math.exp(geo/cnt).toFixed(3)); py.stop();
