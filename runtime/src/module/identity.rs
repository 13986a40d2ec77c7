//! The identity of a build of a module.

use dwalin_debuginfo::container::{CUSTOM, wasm_sections};

/// The identity of a build: a hash of all sections but the custom ones (FNV-1a), so that a module whose debug info was
/// stripped, or is elsewhere, is the same.
pub fn identity(wasm: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for section in wasm_sections(wasm, 0..wasm.len()).map_while(Result::ok) {
        if section.number != CUSTOM {
            add(&[section.number]);
            add(&wasm[section.contents]);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn a_stripped_module_is_the_same_and_a_changed_one_is_not() {
        let text = |name, value| {
            let text = format!("(module {name} (func (result i32) i32.const {value}))");
            wat::parse_str(text).unwrap()
        };
        assert_eq!(identity(&text("", 1)), identity(&text("$named", 1)));
        assert_ne!(identity(&text("", 1)), identity(&text("", 2)));
    }
}
