//! The identity of a build of a module.

use wasmparser::Parser;

/// The identity of a build: a hash of all sections but the custom ones (FNV-1a), so that a module whose debug info was
/// stripped, or is elsewhere, is the same.
pub fn identity(wasm: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    let sections = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    for (id, range) in sections.filter_map(|payload| payload.as_section()) {
        let range = range.start as usize..range.end as usize;
        if let Some(bytes) = wasm.get(range).filter(|_| id != 0) {
            add(&[id]);
            add(bytes);
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
