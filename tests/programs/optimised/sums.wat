;; Sums in a loop that calls nobody.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $add (param $turns i32) (result f64)
    (local $sum f64) (local $half f32)
    (loop $again
      (local.set $sum (f64.add (local.get $sum) (f64.const 1)))
      (local.set $half (f32.add (local.get $half) (f32.const 0.5)))
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (f64.add (local.get $sum) (f64.promote_f32 (local.get $half))))
  (func (export "_start")
    (call $exit (i32.trunc_f64_s (call $add (i32.const 4))))))
