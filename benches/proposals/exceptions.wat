;; An exception thrown by a call, from one and from eight frames deep, and caught.
(module
  (tag $tag (param i32))
  (memory (export "memory") 1)
  (func $deep (param $depth i32) (param $n i32) (result i32)
    (if (i32.eqz (local.get $depth)) (then (throw $tag (local.get $n))))
    (i32.add (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $n)) (i32.const 1)))
  (func $caught (param $depth i32) (param $n i32) (result i32)
    (block $handler (result i32)
      (try_table (result i32) (catch $tag $handler)
        (call $deep (local.get $depth) (local.get $n)))))
  (func (export "_start") (local $n i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $caught (i32.const 0) (local.get $n))))
      (local.set $sum (i32.add (local.get $sum) (call $caught (i32.const 8) (local.get $n))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 200000))))
    (if (i32.ne (local.get $sum) (i32.const 1345094336)) (then unreachable))))
