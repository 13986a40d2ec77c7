//! Names as linkers know them → as their languages write them.

use cpp_demangle::DemangleOptions;
use std::borrow::Cow;
use std::fmt;

/// The name, in local names of C++ (Itanium C++ ABI, section 5.1.6), of a `main` with arguments: clang gives it types for WebAssembly alone
/// (basic C ABI of the tool conventions, "Program entry").
const MAIN: &str = "Z4maini";
/// The same as it is shown, and as the host has it.
const SHOWN: &str = "main(int, char**)::";
const SHOWN_OF_HOST: &str = "main::";

/// Longer linkage names are not looked at: all functions may have one.
const MAX_NAME: usize = 1 << 12;

/// Longer names stay mangled: a reference to an earlier part takes three bytes, and its text may be as long as all before it.
const MAX_TEXT: usize = 1 << 16;

/// A name as its language writes it: Rust's and C++'s mangled names are undone.
pub fn demangle(name: &str) -> Cow<'_, str> {
    if (name.starts_with("_ZN") || name.starts_with("_R"))
        && let Ok(rust) = rustc_demangle::try_demangle(name)
    {
        return format!("{rust:#}").into();
    }
    let options = DemangleOptions::default();
    match cpp(name, &options) {
        Some(text) if is_in_main(name) => text.replace(SHOWN, SHOWN_OF_HOST).into(),
        Some(text) => text.into(),
        None => name.into(),
    }
}

/// A linkage name for what is declared in a `main` with arguments that debuggers demangle as they do the host's: they take
/// `main(int, char**)::Local::get(int)` for a function `main`, and do not find where its parameters begin. All of it is one identifier
/// (section 5.1.3.1), since types of `main` that are missing change the numbers of references to all that comes later.
pub(crate) fn host_name(name: &str) -> Option<String> {
    host_name_with(name, &DemangleOptions::default())
}

/// The same without what a function returns, which gdb leaves out when it demangles the names of functions in DWARF.
pub(crate) fn host_name_for_gdb(name: &str) -> Option<String> {
    host_name_with(name, &DemangleOptions::default().no_return_type())
}

fn host_name_with(name: &str, options: &DemangleOptions) -> Option<String> {
    let text = cpp(is_in_main(name).then_some(name)?, options)?;
    let host = text.replace(SHOWN, SHOWN_OF_HOST);
    (host != text).then(|| format!("_Z{}{host}", host.len()))
}

/// Returns true if something may be declared in a `main` with arguments.
fn is_in_main(name: &str) -> bool {
    name.len() <= MAX_NAME && name.contains(MAIN)
}

fn cpp(name: &str, options: &DemangleOptions) -> Option<String> {
    let symbol = cpp_demangle::Symbol::new(name.starts_with("_Z").then_some(name)?).ok()?;
    let mut text = Bounded(String::new());
    symbol.structured_demangle(&mut text, options).ok()?;
    Some(text.0)
}

/// Text that is not longer than names may be.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_TEXT {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{demangle, host_name, host_name_for_gdb};

    /// Names that clang 19 gives for WebAssembly, and those for x86-64.
    #[test]
    fn what_is_declared_in_main_has_the_name_that_the_host_gives_it() {
        for (here, host) in [
            ("_ZZ4mainiPPcENK3$_0clEi", "_ZZ4mainENK3$_0clEi"),
            ("_ZZ4mainiPPcE5count", "_ZZ4mainE5count"),
            ("_ZZ4mainiPPcEN1L1gES0_RS1_", "_ZZ4mainEN1L1gEPPcRS_"),
            (
                "_ZZZ4mainiPPcENK3$_2clEiE5inner",
                "_ZZZ4mainENK3$_2clEiE5inner",
            ),
            ("_Z4callIZ4mainiPPcE3$_2EiT_i", "_Z4callIZ4mainE3$_2EiT_i"),
            (
                "_Z4bothIZ4mainiPPcE3$_0Z4mainiS1_E3$_1EiT_T0_",
                "_Z4bothIZ4mainE3$_0Z4mainE3$_1EiT_T0_",
            ),
            (
                "_ZZ4mainiPPcEN5Local3getERKNSt3__212basic_stringIcNS2_11char_traitsIcEENS2_9allocatorIcEEEESA_",
                "_ZZ4mainEN5Local3getERKNSt3__212basic_stringIcNS0_11char_traitsIcEENS0_9allocatorIcEEEES8_",
            ),
        ] {
            let host = demangle(host);
            let linkage_name = format!("_Z{}{host}", host.len());
            assert_eq!(host_name(here), Some(linkage_name), "{here}");
            assert_eq!(demangle(here), host, "{here}");
            assert!(host.contains("main::"), "{host}");
        }
    }

    #[test]
    fn gdb_is_not_told_the_result() {
        let name = "_Z4callIZ4mainiPPcE3$_2EiT_i";
        let text = "call<main::$_2>(main::$_2, int)";
        assert_eq!(host_name_for_gdb(name), Some(format!("_Z31{text}")));
        assert_eq!(host_name(name), Some(format!("_Z35int {text}")));
    }

    #[test]
    fn other_names_stay() {
        for name in [
            "_ZN2ns4mainEiPPc",
            "_ZZN2ns4mainEiPPcEN2In1fEv",
            "_Z6domainiPPc",
            "_ZZ6domainiPPcE1x",
            "Z4mainiPPcE",
            "_ZZ4mainiPPcE",
        ] {
            assert_eq!(host_name(name), None, "{name}");
        }
        assert_eq!(demangle("_ZN2ns4mainEiPPc"), "ns::main(int, char**)");
    }

    /// Each type is a pair of the one before it, twice.
    #[test]
    fn text_that_grows_exponentially_ends() {
        let mut name = "_Z1f1PIiiE".to_owned();
        for digit in ('0'..='9').chain('A'..='Z') {
            name += &format!("S_IS{digit}_S{digit}_E");
            let text = demangle(&name).len();
            match digit {
                '7' => assert!(text > 8000, "{text}"),
                _ => assert!(text <= super::MAX_TEXT, "{text}"),
            }
        }
        assert_eq!(demangle(&name), name);
    }
}
