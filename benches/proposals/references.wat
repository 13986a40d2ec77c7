;; Calls through references to functions, from locals and from a table.
(module
  (type $step (func (param i32) (result i32)))
  (table $steps 4 (ref null $step))
  (memory (export "memory") 1)
  (elem (table $steps) (i32.const 0) (ref null $step) (ref.func $a) (ref.func $b) (ref.func $c) (ref.func $a))
  (func $a (type $step) (i32.add (local.get 0) (i32.const 3)))
  (func $b (type $step) (i32.xor (local.get 0) (i32.const 0x55)))
  (func $c (type $step) (i32.rotl (local.get 0) (i32.const 3)))
  (func $twice (param $step (ref $step)) (param $n i32) (result i32)
    (call_ref $step (call_ref $step (local.get $n) (local.get $step)) (local.get $step)))
  (func (export "_start") (local $n i32) (local $sum i32)
    (loop $again
      (local.set $sum
        (call_ref $step (local.get $sum) (table.get $steps (i32.and (local.get $n) (i32.const 3)))))
      (local.set $sum (call $twice (ref.func $b) (local.get $sum)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 60000000))))
    (if (i32.eqz (local.get $sum)) (then unreachable))))
