;; A component of one program, whose import goes by a table that has something else where the program's own table has functions.
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))
  (core module $m)
  (core module $shim
    (type $f (func (param i32)))
    (table (export "table") 3 3 funcref)
    (func $indirect-get-arguments (export "0") (type $f)
      local.get 0 i32.const 1 call_indirect (type $f)))
  (core module $fixups
    (import "" "table" (table 3 3 funcref))
    (import "" "0" (func (param i32)))
    (elem (i32.const 1) func 0 0))
  (core instance $shim (instantiate $shim))
  (core instance $m (instantiate $m
    (with "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func $shim "0"))))))
  (core func $get-arguments (canon lower (func $environment "get-arguments")
    (memory (core memory $m "memory")) (realloc (core func $m "cabi_realloc"))))
  (core instance (instantiate $fixups
    (with "" (instance (export "table" (table $shim "table")) (export "0" (func $get-arguments))))))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $out (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $out)))
