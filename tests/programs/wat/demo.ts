export function square(x: i32): i32 {
  let twice = x + x;
  let result = x * x;
  if (result > 20) unreachable();
  return result;
}

export function _start(): void {
  square(3);
  square(5);
}
