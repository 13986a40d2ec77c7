//! What a module imports: WASI's functions, AssemblyScript's `env.abort`, and what nothing here defines, with what to do about it.

use crate::args::Run;
use crate::program::Program;
use crate::shell;
use anyhow::{Result, bail};
use dwalin_runtime::wasi::{self, WasiCtx};
use dwalin_runtime::{
    Caller, Engine, Error, Extern, ExternType, FuncType, Linker, Module, Printable, Store,
    Undefined, Val, ValType,
};
use std::fmt;
use std::path::Path;

/// The number of undefined imports that are named.
const NAMED: usize = 4;

/// The longest text of `env.abort`, in UTF-16's units.
const LONGEST: usize = 4096;

/// An AssemblyScript program that gave up: what its runtime calls `env.abort` with.
#[derive(Debug)]
pub struct Aborted {
    message: String,
    file: String,
    line: i32,
    column: i32,
}

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match self.message.is_empty() {
            true => "no message",
            false => &self.message,
        };
        let (file, line, column) = (&self.file, self.line, self.column);
        write!(f, "abort: {message}, in {file}:{line}:{column}")
    }
}

impl std::error::Error for Aborted {}

/// The functions that every program may import.
pub fn linker(engine: &Engine) -> Result<Linker<WasiCtx>> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    Ok(linker)
}

/// Refuses a module for imports that nothing defines, before code is made for it.
pub fn check(linker: &Linker<WasiCtx>, program: &Program<'_>, options: &Run) -> Result<()> {
    let input = match program {
        Program::Module(input, _) if !options.wasm.defaults() => input,
        // Linking refuses those for which code was made before.
        _ => return Ok(()),
    };
    let mut missing = linker.undefined(input);
    let starts_threads = missing.iter().any(starts_threads);
    let is_defined_later = |it: &Undefined| {
        is_abort(&it.module, &it.name, it.ty.as_ref())
            || starts_threads && (self::starts_threads(it) || it.is_shared_memory)
            || options.wasm.traps() && it.is_function
    };
    missing.retain(|it| !is_defined_later(it));
    if missing.is_empty() {
        return Ok(());
    }
    let advice = advice(&missing, options.file());
    bail!("{}{advice}", unresolved(&missing))
}

/// Returns true if an import is that by which programs start threads (wasi-threads).
fn starts_threads(import: &Undefined) -> bool {
    (&*import.module, &*import.name) == ("wasi", "thread-spawn")
}

/// Defines the rest of a module's imports by the options.
pub fn define_rest(
    linker: &mut Linker<WasiCtx>,
    store: &mut Store<WasiCtx>,
    module: &Module,
    options: &Run,
) -> Result<()> {
    let has_abort = module.imports().any(|(from, name, ty)| match ty {
        ExternType::Func(ty) => is_abort(from, name, Some(ty)),
        _ => false,
    });
    if has_abort {
        linker.func_new("env", "abort", abort_type(), |caller, args, _| {
            Err(Error::host(aborted(caller, args)))
        })?;
    }
    if options.wasm.traps() {
        linker.define_unknown_imports_as_traps(module)?;
    }
    if options.wasm.defaults() {
        linker.define_unknown_imports_as_default_values(store, module)?;
    }
    Ok(())
}

fn abort_type() -> FuncType {
    FuncType::new(vec![ValType::I32; 4], vec![])
}

fn is_abort(module: &str, name: &str, ty: Option<&FuncType>) -> bool {
    (module, name) == ("env", "abort") && ty == Some(&abort_type())
}

/// A message, a file, a line and a column (AssemblyScript's manual, "Special imports").
fn aborted(mut caller: Caller<'_, WasiCtx>, args: &[Val]) -> Aborted {
    let memory = match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Some(memory),
        _ => None,
    };
    let bytes = memory.map_or(&[][..], |memory| memory.data(&caller));
    let number = |i: usize| match args.get(i) {
        Some(Val::I32(value)) => *value,
        _ => 0,
    };
    let text = |i| string(bytes, number(i) as u32 as usize).unwrap_or_default();
    Aborted {
        message: text(0),
        file: text(1),
        line: number(2),
        column: number(3),
    }
}

/// A string: UTF-16, with its length in bytes in front of it; the null pointer is none.
fn string(memory: &[u8], at: usize) -> Option<String> {
    let length = memory.get(at.checked_sub(4)?..at)?;
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let bytes = memory.get(at..at.checked_add(length.min(2 * LONGEST))?)?;
    let units = bytes.chunks_exact(2);
    let units: Vec<_> = units.map(|it| u16::from_le_bytes([it[0], it[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}

fn unresolved(missing: &[Undefined]) -> String {
    let name = |it: &Undefined| format!("`{}` `{}`", Printable(&it.module), Printable(&it.name));
    if let [import] = missing {
        return import.error().to_string();
    }
    let named: Vec<_> = missing.iter().take(NAMED).map(name).collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "cannot link {} imports, of which nothing is defined: {}{more}",
        missing.len(),
        named.join(", ")
    )
}

/// Returns advice: a line each.
fn advice(missing: &[Undefined], file: &Path) -> String {
    let mut text = String::new();
    let file = shell::word(file);
    let has = |name: &str| missing.iter().any(|it| it.name == name);
    // Before the table, which both kinds import.
    if has("__memory_base") {
        return "\nhelp: it is a library that is linked when a program loads it: link it with the program, without -shared".to_owned();
    }
    if has("__linear_memory") || has("__indirect_function_table") {
        return format!(
            "\nhelp: it is an object file, which is not linked yet: clang --target=wasm32-wasi -o app.wasm {file}"
        );
    }
    if let Some(Maker { who, instead, .. }) = maker(missing) {
        text.push_str(&format!("\nhelp: the module was made {who}: {instead}"));
    }
    if !missing.iter().any(|it| it.is_function) {
        text.push_str(&format!(
            "\nhelp: to run it with zeros instead: dwalin run -W unknown-imports-default=y {file}"
        ));
    }
    if missing.iter().all(|it| it.is_function) {
        text.push_str(&format!(
            "\nhelp: to run what does not call them: dwalin run -W unknown-imports-trap=y --invoke NAME {file}"
        ));
    }
    text
}

/// A way to make modules that import what nothing here has.
struct Maker {
    /// True of the imports of its modules.
    is: fn(&[Undefined]) -> bool,
    /// The host that they are for.
    who: &'static str,
    /// The command that makes one for WASI.
    instead: &'static str,
}

const MAKERS: [Maker; 7] = [
    Maker {
        is: |missing| {
            any(missing, |module, name| {
                module == "wbg"
                    || module.starts_with("__wbindgen")
                    || name.starts_with("__wbindgen")
                    || name.starts_with("__wbg_")
            })
        },
        who: "for JavaScript by wasm-bindgen",
        instead: "build it with cargo build --target wasm32-wasip1, and without wasm-bindgen (wasm-pack)",
    },
    Maker {
        is: |missing| {
            any(missing, |module, name| {
                matches!(module, "gojs" | "go") || name.starts_with("syscall/js.")
            })
        },
        who: "for JavaScript by Go",
        instead: "build it with GOOS=wasip1 GOARCH=wasm go build (tinygo: -target=wasip1)",
    },
    Maker {
        is: |missing| {
            any(missing, |_, name| {
                EMSCRIPTEN.iter().any(|it| name.starts_with(it))
            })
        },
        who: "for JavaScript by Emscripten",
        instead: "link it with -sSTANDALONE_WASM -sPURE_WASI, or build it with clang --target=wasm32-wasi and wasi-libc",
    },
    Maker {
        is: |missing| {
            let is_short = |it: &Undefined| it.module == "a" && it.name.len() <= 2;
            missing.len() > 1 && missing.iter().all(is_short)
        },
        who: "for JavaScript, and its names were shortened, as Emscripten does with -O2",
        instead: "link it with -sSTANDALONE_WASM, or build it with clang --target=wasm32-wasi and wasi-libc",
    },
    Maker {
        is: |missing| {
            any(missing, |module, name| {
                module == "env" && matches!(name, "seed" | "trace" | "abort" | "console.log")
            })
        },
        who: "for JavaScript by AssemblyScript",
        instead: "build it with asc --config node_modules/@assemblyscript/wasi-shim/asconfig.json",
    },
    Maker {
        is: |missing| any(missing, |module, _| module.starts_with("wasi:")),
        who: "for WASI 0.2 (a part of a component)",
        instead: "build it for WASI 0.1: rustc --target wasm32-wasip1, clang --target=wasm32-wasip1",
    },
    Maker {
        is: |missing| any(missing, |module, _| module.starts_with("wasix")),
        who: "for WASIX",
        instead: "build it for WASI 0.1",
    },
];

/// Beginnings of the names that Emscripten's modules import.
const EMSCRIPTEN: [&str; 6] = [
    "emscripten_",
    "_emscripten_",
    "__syscall_",
    "invoke_",
    "_embind_",
    "__cxa_",
];

fn any(missing: &[Undefined], is: impl Fn(&str, &str) -> bool) -> bool {
    missing.iter().any(|it| is(&it.module, &it.name))
}

/// Who a module was made for, by what it imports, and what to make instead.
fn maker(missing: &[Undefined]) -> Option<&'static Maker> {
    MAKERS.iter().find(|it| (it.is)(missing))
}
