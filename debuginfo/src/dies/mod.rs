//! Entries of a module's DWARF as all who read them understand them: kinds of types, ranges, expressions.

mod array;
mod member;
mod reference;
mod scope;
mod tag;
mod types;

pub(crate) use array::bounds;
pub(crate) use member::{Member, Members, Role};
pub(crate) use reference::{DieRef, LINKAGE_NAMES, MAX_NAME, Units, is_main};
pub(crate) use scope::{each_expression, is_call_site, is_scope, ranges};
pub(crate) use tag::{
    Kind, is_address, is_alias, is_pointer, is_qualifier, is_reference, kind, pointer_size,
};
pub(crate) use types::{Types, is_virtual};

use crate::source::Reader;

/// An entry.
pub(crate) type Die<'d> = gimli::read::DebuggingInformationEntry<Reader<'d>>;

/// The depth to which types are followed: further than programs go, and an end to cycles.
pub(crate) const MAX_DEPTH: usize = 64;
