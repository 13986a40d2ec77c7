;; Atomic loads, stores and read-modify-writes of an unshared memory.
(module
  (memory (export "memory") 1)
  (func (export "_start") (local $n i32) (local $at i32)
    (loop $again
      (local.set $at (i32.and (i32.mul (local.get $n) (i32.const 12)) (i32.const 0xfffc)))
      (drop (i32.atomic.rmw.add (local.get $at) (local.get $n)))
      (i32.atomic.store (i32.xor (local.get $at) (i32.const 64))
        (i32.add (i32.atomic.load (local.get $at)) (i32.const 1)))
      (drop (i32.atomic.rmw.cmpxchg (local.get $at) (local.get $n) (i32.const 7)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 15000000))))))
