;; demo.ts as a compiler might make it. Each statement begins with a constant that says its line: tests/sourceless/mod.rs makes the
;; source map of these.
(module
  (func $square (export "square") (param $x i32) (result i32)
    (local $twice i32) (local $result i32)
    (drop (i32.const 70002))
    (local.set $twice (i32.add (local.get $x) (local.get $x)))
    (drop (i32.const 70003))
    (local.set $result (i32.mul (local.get $x) (local.get $x)))
    (drop (i32.const 70004))
    (if (i32.gt_s (local.get $result) (i32.const 20)) (then unreachable))
    (drop (i32.const 70005))
    (local.get $result))
  (func (export "_start")
    (drop (i32.const 70009))
    (drop (call $square (i32.const 3)))
    (drop (i32.const 70010))
    (drop (call $square (i32.const 5)))))
