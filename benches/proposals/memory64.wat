;; Loads and stores by addresses of 64 bits, in an order and out of it.
(module
  (memory (export "memory") i64 64)
  (func (export "_start") (local $n i64) (local $at i64) (local $sum i64)
    (loop $again
      (local.set $at (i64.and (i64.mul (local.get $n) (i64.const 0x9e3779b1)) (i64.const 0x3ffff0)))
      (i64.store (local.get $at) (i64.add (i64.load offset=8 (local.get $at)) (local.get $n)))
      (local.set $sum
        (i64.add (local.get $sum)
          (i64.load32_u (i64.and (i64.shl (local.get $n) (i64.const 2)) (i64.const 0x3ffffc)))))
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $n) (i64.const 60000000))))
    (if (i64.eqz (local.get $sum)) (then unreachable))))
