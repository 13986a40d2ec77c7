;; Calls in a block that catches exceptions, of which there are none.
(module
  (tag $tag (param i32))
  (memory (export "memory") 1)
  (global $limit (mut i32) (i32.const 0x7fffffff))
  (func $callee (param $n i32) (result i32)
    (if (i32.gt_u (local.get $n) (global.get $limit)) (then (throw $tag (local.get $n))))
    (i32.xor (local.get $n) (i32.const 5)))
  (func (export "_start") (local $n i32) (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum)
          (block $handler (result i32)
            (try_table (result i32) (catch $tag $handler)
              (call $callee (local.get $n))))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 200000000))))
    (if (i32.eqz (local.get $sum)) (then unreachable))))
