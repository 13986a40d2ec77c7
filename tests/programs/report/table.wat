;; An element beyond the end of a table.
(module
  (table $t 3 funcref)
  (func $get (param $index i32)
    local.get $index
    i32.const 1
    i32.add
    table.get $t
    drop)
  (func (export "_start")
    i32.const 41
    call $get))
;; report: -g
