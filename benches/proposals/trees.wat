;; Objects that are allocated and go: binary trees, built and counted.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))
  (memory (export "memory") 1)
  (func $build (param $depth i32) (result (ref $tree))
    (if (i32.eqz (local.get $depth)) (then (return (struct.new_default $tree))))
    (struct.new $tree
      (call $build (i32.sub (local.get $depth) (i32.const 1)))
      (call $build (i32.sub (local.get $depth) (i32.const 1)))))
  (func $count (param $tree (ref null $tree)) (result i32)
    (if (ref.is_null (local.get $tree)) (then (return (i32.const 0))))
    (i32.add (i32.const 1)
      (i32.add
        (call $count (struct.get $tree $left (local.get $tree)))
        (call $count (struct.get $tree $right (local.get $tree))))))
  (func (export "_start") (local $n i32) (local $long (ref null $tree))
    (local.set $long (call $build (i32.const 16)))
    (loop $again
      (if (i32.ne (call $count (call $build (i32.const 12))) (i32.const 8191)) (then unreachable))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 300))))
    (if (i32.ne (call $count (local.get $long)) (i32.const 131071)) (then unreachable))))
