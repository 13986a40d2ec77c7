;; Two components, the second of which calls the first. Empty core modules stand for those that are compiled of C. As wit-component has it,
;; the second one calls what needs its memory through a table that is filled when there is one.
(component
  (component $callee
    (core module $m)
    (core instance $m (instantiate $m))
    (func (export "add") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $m "add")))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $m "length") (memory (core memory $m "memory")) (realloc (core func $m "cabi_realloc")))))
  (component $caller
    (import "add" (func $add (param "a" s32) (param "b" s32) (result s32)))
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $m)
    (core module $shim
      (type $f (func (param i32 i32) (result i32)))
      (table (export "table") 1 1 funcref)
      (func $indirect-length (export "0") (type $f)
        local.get 0 local.get 1 i32.const 0 call_indirect (type $f)))
    (core module $fixups
      (import "" "table" (table 1 1 funcref))
      (import "" "0" (func (param i32 i32) (result i32)))
      (elem (i32.const 0) func 0))
    (core func $add (canon lower (func $add)))
    (core instance $shim (instantiate $shim))
    (core instance $m (instantiate $m
      (with "callee" (instance (export "add" (func $add)) (export "length" (func $shim "0"))))))
    (core func $length (canon lower (func $length) (memory (core memory $m "memory"))))
    (core instance (instantiate $fixups
      (with "" (instance (export "table" (table $shim "table")) (export "0" (func $length))))))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $out (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $out)))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller
    (with "add" (func $callee "add")) (with "length" (func $callee "length"))))
  (export "wasi:cli/run@0.2.0" (instance $caller "wasi:cli/run@0.2.0")))
