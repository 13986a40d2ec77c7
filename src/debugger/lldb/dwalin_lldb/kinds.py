"""What the kinds of traps are called (runtime/src/abi/trap.rs)."""
KINDS = {
    1: "out of bounds memory access",
    2: "out of bounds table access",
    3: "uninitialized element",
    4: "indirect call type mismatch",
    5: "integer overflow",
    6: "integer divide by zero",
    7: "invalid conversion to integer",
    8: "wasm `unreachable` instruction executed",
    9: "call stack exhausted",
    10: "null reference",
    11: "unaligned atomic",
    12: "expected shared memory",
    13: "uncaught exception",
    14: "out of bounds array access",
    15: "cast failure",
    16: "the heap is full",
}
