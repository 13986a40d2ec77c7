;; Vectors: a product of floats, and sums of absolute differences of bytes.
(module
  (memory (export "memory") 16)
  (func $product (result f32) (local $at i32) (local $sum v128)
    (loop $again
      (local.set $sum
        (f32x4.add (local.get $sum)
          (f32x4.mul (v128.load (local.get $at)) (v128.load offset=524288 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 524288))))
    (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum))))
  (func $differences (result i32) (local $at i32) (local $sum v128) (local $a v128) (local $b v128)
    (loop $again
      (local.set $a (v128.load (local.get $at)))
      (local.set $b (v128.load offset=524288 (local.get $at)))
      (local.set $sum
        (i32x4.add (local.get $sum)
          (i32x4.extadd_pairwise_i16x8_u
            (i16x8.extadd_pairwise_i8x16_u
              (i8x16.sub (i8x16.max_u (local.get $a) (local.get $b)) (i8x16.min_u (local.get $a) (local.get $b)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 524288))))
    (i32x4.extract_lane 1 (local.get $sum)))
  (func (export "_start") (local $n i32)
    (loop $fill
      (i32.store (local.get $n) (i32.and (i32.mul (local.get $n) (i32.const 0x9e3779b9)) (i32.const 0x3fffffff)))
      (local.set $n (i32.add (local.get $n) (i32.const 4)))
      (br_if $fill (i32.lt_u (local.get $n) (i32.const 1048576))))
    (local.set $n (i32.const 0))
    (loop $again
      (if (i32.eqz (call $differences)) (then unreachable))
      (if (f32.eq (call $product) (f32.const 1)) (then unreachable))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 4000))))))
