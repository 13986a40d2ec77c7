function sieve(most) {
  const composite = new Uint8Array(most + 1);
  let primes = 0;
  for (let i = 2; i <= most; i++) {
    if (composite[i]) continue;
    primes++;
    for (let j = i * 2; j <= most; j += i) composite[j] = 1;
  }
  return primes;
}

export const run = {
  run() {
    const counts = new Map();
    for (let i = 0; i < 300000; i++) {
      const key = "k" + ((i * 7919) % 1000);
      counts.set(key, (counts.get(key) || 0) + i);
    }
    const first = JSON.stringify([...counts].slice(0, 5));
    console.log(sieve(3000000), first, "abcabc".replace(/(b)(c)/g, "$2$1"), String(2n ** 100n));
  },
};
