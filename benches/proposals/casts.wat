;; References that are tested and cast: to structures of a hierarchy, and to numbers of 31 bits.
(module
  (type $shape (sub (struct (field i32))))
  (type $square (sub $shape (struct (field i32) (field i32))))
  (type $cube (sub final $square (struct (field i32) (field i32) (field i32))))
  (type $any (array (mut anyref)))
  (memory (export "memory") 1)
  (func $area (param $it anyref) (result i32)
    (block $i31 (result (ref i31))
      (block $cube (result (ref $cube))
        (block $square (result (ref $square))
          (br_on_cast $i31 anyref (ref i31) (local.get $it))
          (br_on_cast $cube anyref (ref $cube))
          (br_on_cast $square anyref (ref $square))
          (return (struct.get $shape 0 (ref.cast (ref $shape)))))
        (return (struct.get $square 1)))
      (return (struct.get $cube 2)))
    (i31.get_s))
  (func (export "_start") (local $all (ref $any)) (local $n i32) (local $sum i32)
    (local.set $all
      (array.new_fixed $any 4
        (struct.new $shape (i32.const 1))
        (struct.new $square (i32.const 1) (i32.const 2))
        (struct.new $cube (i32.const 1) (i32.const 2) (i32.const 3))
        (ref.i31 (i32.const 4))))
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum)
          (call $area (array.get $any (local.get $all) (i32.and (local.get $n) (i32.const 3))))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 60000000))))
    (if (i32.ne (local.get $sum) (i32.const 150000000)) (then unreachable))))
