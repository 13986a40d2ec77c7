function sieve(n){const s=new Uint8Array(n+1);let c=0;for(let i=2;i<=n;i++){if(!s[i]){c++;for(let j=i*2;j<=n;j+=i)s[j]=1}}return c}
const m=new Map();for(let i=0;i<50000;i++){const k="k"+(i*7919%1000);m.set(k,(m.get(k)||0)+i)}
console.log(sieve(1000000),[...m].slice(0,5).map(x=>x.join(":")).join(),JSON.stringify({a:[1,2,{b:"\u20ac"}],d:new Date(0).toISOString()}),"abcabc".replace(/(b)(c)/g,"$2$1"),2n**100n);
