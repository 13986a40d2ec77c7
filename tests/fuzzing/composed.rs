//! Components as text that pass a value of any type on, through as many as are wanted, and components that lie.

use super::canonical::Ty;
use super::mutate::Numbers;

const ENCODINGS: [&str; 3] = ["utf8", "utf16", "latin1+utf16"];

/// Bytes at the beginning of each memory that results are in. What is behind is `realloc`'s.
const RESULTS: usize = 1 << 16;

/// Memory with a `realloc` that never frees.
const HONEST: &str = r#"(local $at i32)
    (local.set $at (i32.and
        (i32.add (global.get $end) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $end (i32.add (local.get $at) (local.get $size)))
    (memory.copy (local.get $at) (local.get $old) (local.get $old_size))
    (local.get $at)"#;

/// A core module with a memory, data in it, and a `realloc`.
fn libc(realloc: &str, data: &str) -> String {
    format!(
        r#"(core module $libc
          (memory (export "memory") 64)
          (data (i32.const 0) "{data}")
          (global $end (mut i32) (i32.const {RESULTS}))
          (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
            {realloc}))
        (core instance $libc (instantiate $libc))"#
    )
}

/// The types of a component, which it is given, and the text of the one that its functions are of.
struct Types {
    imports: String,
    given: String,
    text: String,
}

impl Types {
    fn of(ty: &Ty) -> Types {
        let mut named = Vec::new();
        let text = ty.text(&mut named);
        let import = |(i, ty): (usize, &String)| {
            format!("(type $t{i} {ty}) (import \"t{i}\" (type $e{i} (eq $t{i})))\n")
        };
        let given = (0..named.len()).map(|i| format!("(with \"t{i}\" (type $e{i}))"));
        Types {
            imports: named.iter().enumerate().map(import).collect(),
            given: given.collect(),
            text,
        }
    }
}

fn options(numbers: &mut Numbers) -> String {
    let encoding = ENCODINGS[numbers.below(3)];
    format!(
        r#"string-encoding={encoding} (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))"#
    )
}

/// A component whose `run` calls its import `f`, of the same type, with what it was given.
fn link(ty: &Ty, types: &Types, numbers: &mut Numbers, realloc: &str) -> String {
    let (params, text) = (ty.params(), &types.text);
    // What it is given is handed on as it is.
    let options = options(numbers);
    let result = ty.flat();
    let by_memory = result.len() > 1;
    let at = if by_memory { "i32" } else { result[0] };
    let core = format!(
        "(param {}) {}",
        params.join(" "),
        if by_memory {
            "(param i32)".to_owned()
        } else {
            format!("(result {at})")
        }
    );
    let gets: String = (0..params.len())
        .map(|i| format!("local.get {i} "))
        .collect();
    let (room, returned) = match by_memory {
        true => ("i32.const 0", "i32.const 0"),
        false => ("", ""),
    };
    format!(
        r#"{}
        (import "f" (func $f (param "a" {text}) (result {text})))
        {}
        (core func $f (canon lower (func $f) {}))
        (core module $m
          (import "" "f" (func $f {core}))
          (func (export "run") (param {}) (result {at}) {gets} {room} call $f {returned}))
        (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "run") (param "a" {text}) (result {text}) (canon lift (core func $m "run") {}))"#,
        types.imports,
        libc(realloc, ""),
        options,
        params.join(" "),
        options,
    )
}

/// Components one in another, so many, whose `run` hands its argument through to the host's `f`, and the host's result back. Where `lies`
/// is given, the `realloc` of one of them does that.
pub fn chain(ty: &Ty, links: usize, numbers: &mut Numbers, lies: Option<&str>) -> String {
    let types = Types::of(ty);
    let liar = numbers.below(links);
    let realloc = |i: usize| lies.filter(|_| i == liar).unwrap_or(HONEST);
    if links == 1 {
        return format!("(component {})", link(ty, &types, numbers, realloc(0)));
    }
    let mut text = format!(
        "(component {} (import \"f\" (func $f0 (param \"a\" {1}) (result {1})))\n",
        types.imports, types.text
    );
    for i in 0..links {
        let component = link(ty, &types, numbers, realloc(i));
        text += &format!("(component $c{i} {component})\n");
        let from = match i {
            0 => "(func $f0)".to_owned(),
            i => format!("(func $i{} \"run\")", i - 1),
        };
        text += &format!(
            "(instance $i{i} (instantiate $c{i} {} (with \"f\" {from})))\n",
            types.given
        );
    }
    text + &format!("(export \"run\" (func $i{} \"run\")))", links - 1)
}

/// The ways of a `realloc` that lies: an address that is nowhere, odd, at the memory's end, always the same; a trap; a memory that grows.
pub fn lies(numbers: &mut Numbers) -> String {
    let at = match numbers.below(6) {
        0 => 0xffff_ffff,
        1 => 1,
        2 => (64 << 16) - numbers.below(64) as u32,
        3 => 0,
        4 => numbers.next() as u32,
        _ => numbers.below(64 << 16) as u32,
    };
    match numbers.below(8) {
        0 => "unreachable".to_owned(),
        1 => format!(
            "(drop (memory.grow (i32.const 1))) (i32.const {})",
            at as i32
        ),
        2 => format!("(i32.add (i32.const {}) (local.get $size))", at as i32),
        _ => format!("(i32.const {})", at as i32),
    }
}

/// A component whose `run` returns what random bytes at an address are as a type, through another component that takes it, or not.
pub fn garbage(ty: &Ty, is_composed: bool, numbers: &mut Numbers) -> String {
    let types = Types::of(ty);
    let text = &types.text;
    let result = ty.flat();
    let (core, value) = match result.len() {
        1 => (result[0], constant(result[0], numbers)),
        _ => ("i32", format!("i32.const {}", address(numbers) as i32)),
    };
    let data: String = (0..4096)
        .map(|_| format!("\\{:02x}", byte(numbers)))
        .collect();
    let source = format!(
        r#"{} {}
        (core module $m (func (export "run") (result {core}) {value}))
        (core instance $m (instantiate $m))
        (func (export "run") (result {text}) (canon lift (core func $m "run") {}))"#,
        types.imports,
        libc(HONEST, &data),
        options(numbers)
    );
    if !is_composed {
        return format!("(component {source})");
    }
    let (by, at) = match result.len() {
        1 => (format!("(result {})", result[0]), result[0]),
        _ => ("(param i32)".to_owned(), "i32"),
    };
    let (room, returned) = match result.len() {
        1 => ("", ""),
        _ => ("i32.const 0", "i32.const 0"),
    };
    format!(
        r#"(component {imports}
          (component $source {source})
          (component $sink {imports}
            (import "f" (func $f (result {text})))
            {libc}
            (core func $f (canon lower (func $f) {lowered}))
            (core module $m (import "" "f" (func $f {by})) (func (export "run") (result {at}) {room} call $f {returned}))
            (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
            (func (export "run") (result {text}) (canon lift (core func $m "run") {lifted})))
          (instance $source (instantiate $source {given}))
          (instance $sink (instantiate $sink {given} (with "f" (func $source "run"))))
          (export "run" (func $sink "run")))"#,
        imports = types.imports,
        given = types.given,
        libc = libc(HONEST, ""),
        lowered = options(numbers),
        lifted = options(numbers),
    )
}

/// An address within the memory, most often one that is aligned.
fn address(numbers: &mut Numbers) -> u32 {
    match numbers.below(8) {
        0 => numbers.next() as u32,
        1 => (64 << 16) - numbers.below(64) as u32,
        _ => 8 * numbers.below(256) as u32,
    }
}

/// A byte: small ones are discriminants, and parts of addresses and lengths.
fn byte(numbers: &mut Numbers) -> u8 {
    match numbers.below(4) {
        0 => numbers.next() as u8,
        1 => numbers.below(4) as u8,
        _ => 0,
    }
}

fn constant(ty: &str, numbers: &mut Numbers) -> String {
    match ty {
        "i32" => format!("i32.const {}", numbers.next() as i32 >> numbers.below(32)),
        "i64" => format!("i64.const {}", numbers.next() as i64),
        ty => format!("{ty}.const {}", numbers.next() as i32),
    }
}
