//! The dimensions of arrays.

use super::DieRef;
use gimli::constants as dw;

/// The number of elements of an array in each dimension.
pub(crate) fn dimensions(array: &DieRef<'_, '_>) -> Option<Vec<u64>> {
    let mut tree = array.unit.entries_tree(Some(array.entry.offset())).ok()?;
    let mut subranges = tree.root().ok()?.children();
    let mut counts = Vec::new();
    while let Some(subrange) = subranges.next().ok()? {
        let entry = subrange.entry();
        let number = |name| entry.attr(name).and_then(|it| it.udata_value());
        let upper = || number(dw::DW_AT_upper_bound)?.checked_add(1);
        counts.push(number(dw::DW_AT_count).or_else(upper)?);
    }
    Some(counts)
}

/// The bounds of an array as C writes them, `[2][3]`.
pub(crate) fn bounds(array: &DieRef<'_, '_>) -> String {
    match dimensions(array).as_deref() {
        None | Some([]) => "[]".to_owned(),
        Some(counts) => counts.iter().map(|it| format!("[{it}]")).collect(),
    }
}
