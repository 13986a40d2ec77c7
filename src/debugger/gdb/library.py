"""Frames of the language's library, which reports fold too (runtime/src/report/library.rs): of Rust's, of wasi-libc, of libc++."""
import re

PATHS = re.compile(r"/rustlib/src/rust/library/|/rustc/[^/]+/library/|libc-(bottom|top)-half/|/libcxx(abi)?/|/c\+\+/v1/")
NAMESPACES = re.compile(r"^<?(std|core|alloc|__rustc|panic_abort|__cxxabiv1)::")
RAISING = re.compile(r"^(abort|__assert_fail|rust_panic|__cxa_throw|__cxa_rethrow|_Unwind_RaiseException|std::terminate|std::process::abort)$"
                     r"|panicking::|::rust_panic$|rust_begin_unwind$")
STARTING = re.compile(r"^(__wasm_call_ctors|_start|_start\.command_export|__main_void)$|(^|::)(lang_start|__rust_begin_short_backtrace)\b")


def raises(name):
    """A function by which programs give up."""
    return bool(RAISING.search(name))


def is_library(name, path):
    """By the path of its source; by its name where there is none."""
    of_library = PATHS.search(path) if path else NAMESPACES.search(name)
    return bool(of_library or raises(name) or not path and STARTING.search(name))
