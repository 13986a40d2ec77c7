//! What types are, by their tags: for what debuggers get and for reports alike, so that these agree.

use crate::address::AddressSize;
use gimli::DwTag;
use gimli::constants as dw;

/// Returns true if a type is another name of a type, or that with a qualifier: it has the same bytes.
pub(crate) fn is_alias(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_typedef
            | dw::DW_TAG_template_alias
            | dw::DW_TAG_const_type
            | dw::DW_TAG_volatile_type
            | dw::DW_TAG_restrict_type
            | dw::DW_TAG_atomic_type
            // D's.
            | dw::DW_TAG_immutable_type
            | dw::DW_TAG_shared_type
            // Pascal's.
            | dw::DW_TAG_packed_type
    )
}

/// Returns true if a type is another one with a qualifier of C's.
pub(crate) fn is_qualifier(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_const_type | dw::DW_TAG_volatile_type | dw::DW_TAG_restrict_type
    )
}

/// Returns true if a type's values are addresses of data, or elements of the table.
pub(crate) fn is_address(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type
    )
}

/// Bytes of a type that no attribute says the size of, by its tag and whether it is of a function: pointers. One to a method is an
/// element of the table or an offset in a virtual table, and what to add to `this` (Itanium C++ ABI, section 2.3).
pub(crate) fn pointer_size(tag: DwTag, to_function: bool, addresses: AddressSize) -> Option<u64> {
    let bytes = u64::from(addresses.bytes());
    match tag {
        tag if is_address(tag) => Some(bytes),
        dw::DW_TAG_ptr_to_member_type if to_function => Some(2 * bytes),
        dw::DW_TAG_ptr_to_member_type => Some(bytes),
        _ => None,
    }
}

/// Returns true if a type is a pointer, a reference or a pointer to a member.
pub(crate) fn is_pointer(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_pointer_type
            | dw::DW_TAG_reference_type
            | dw::DW_TAG_rvalue_reference_type
            | dw::DW_TAG_ptr_to_member_type
    )
}

/// Returns true if a type is a reference.
pub(crate) fn is_reference(tag: DwTag) -> bool {
    tag == dw::DW_TAG_reference_type || tag == dw::DW_TAG_rvalue_reference_type
}

/// The kinds of types that pointers are of.
pub(crate) enum Kind {
    Class,
    Array,
    Scalar,
    /// Another type, by another name or with a qualifier.
    Named,
    /// Nothing that lies in memory.
    Other,
}

/// Returns the kind of a type.
pub(crate) fn kind(tag: DwTag) -> Kind {
    match tag {
        dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type => Kind::Class,
        dw::DW_TAG_array_type => Kind::Array,
        dw::DW_TAG_base_type | dw::DW_TAG_enumeration_type => Kind::Scalar,
        tag if is_pointer(tag) => Kind::Scalar,
        dw::DW_TAG_typedef
        | dw::DW_TAG_const_type
        | dw::DW_TAG_volatile_type
        | dw::DW_TAG_restrict_type
        | dw::DW_TAG_atomic_type => Kind::Named,
        _ => Kind::Other,
    }
}
