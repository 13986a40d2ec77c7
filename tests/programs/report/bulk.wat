;; Memory copied beyond the end, without debug info.
(module
  (memory 1)
  (func $copy (param $to i32) (param $from i32) (param $len i32)
    local.get $to
    local.get $from
    local.get $len
    memory.copy)
  (func (export "_start")
    i32.const 0xfff0
    i32.const 0
    i32.const 0x20
    call $copy))
;; report: -g
