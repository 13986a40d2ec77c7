(module
  (global $total (mut i64) (i64.const 40))
  (global $ratio f64 (f64.const 2.5))
  (memory (export "memory") 1)
  (func $scale (param $n i32) (param $by f32) (result i64)
    (local $sum i64) (local i32)
    local.get $n
    i32.const 2
    i32.mul
    local.set 3
    loop $again
      global.get $total
      local.get 3
      i64.extend_i32_s
      i64.add
      global.set $total
      (local.set 3 (i32.sub (local.get 3) (i32.const 1)))
      local.get 3
      br_if $again
    end
    global.get $total
    local.set $sum
    local.get $sum)
  (func (export "_start")
    (drop (call $scale (i32.const 3) (f32.const 1.5)))
    (i32.store (i32.const 70000) (i32.const 1))))
