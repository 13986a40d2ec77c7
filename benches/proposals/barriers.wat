;; References that are written to fields, elements and globals, again and again.
(module
  (type $node (struct (field $next (mut (ref null $node))) (field $value (mut i32))))
  (type $nodes (array (mut (ref null $node))))
  (global $last (mut (ref null $node)) (ref.null $node))
  (memory (export "memory") 1)
  (func (export "_start") (local $nodes (ref $nodes)) (local $n i32) (local $a (ref null $node)) (local $sum i32)
    (local.set $nodes (array.new_default $nodes (i32.const 1024)))
    (loop $fill
      (array.set $nodes (local.get $nodes) (local.get $n) (struct.new $node (ref.null $node) (local.get $n)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $n) (i32.const 1024))))
    (loop $again
      (local.set $a (array.get $nodes (local.get $nodes) (i32.and (local.get $n) (i32.const 1023))))
      (struct.set $node $next (local.get $a) (global.get $last))
      (global.set $last (local.get $a))
      (array.set $nodes (local.get $nodes) (i32.and (i32.mul (local.get $n) (i32.const 7)) (i32.const 1023)) (local.get $a))
      (struct.set $node $value (local.get $a) (i32.add (struct.get $node $value (local.get $a)) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (struct.get $node $value (local.get $a))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 40000000))))
    (if (i32.eqz (local.get $sum)) (then unreachable))))
