//! The names of types as the debugger is to see them.

use crate::code::{CodeMap, Flavor};
use crate::dies::{DieRef, Types, bounds, is_pointer};
use gimli::DwTag;
use gimli::constants as dw;

/// The most parameters of a name.
const MAX_PARAMS: usize = 32;

/// The most types of types in a name. Each pointer of a long chain has a name: they would be of all that is behind it.
const MAX_DEPTH: usize = 20;

/// A qualifier goes before a name and after a star.
fn qualified(qualifier: &str, name: &str) -> String {
    let behind = name.rsplit_once(['*', '&']).map(|(_, rest)| rest);
    let is_qualifier = |word| matches!(word, "const" | "volatile" | "restrict");
    match behind {
        Some("") => format!("{name}{qualifier}"),
        Some(rest) if rest.split(' ').all(is_qualifier) => format!("{name} {qualifier}"),
        _ => format!("{qualifier} {name}"),
    }
}

/// The way to name types.
pub(super) struct TypeNames {
    flavor: Flavor,
    /// True if pointers in memory are classes.
    wraps: bool,
    /// True if classes are named by their tags, as in C.
    has_tags: bool,
}

impl TypeNames {
    /// For a unit, in C or in another language.
    pub fn new(code: &CodeMap<'_>, is_c: bool) -> TypeNames {
        TypeNames {
            flavor: code.flavor,
            wraps: code.flavor == Flavor::Lldb && code.pointer_code.is_some(),
            // lldb names no type of C by its tag.
            has_tags: is_c && code.flavor == Flavor::Gdb,
        }
    }

    /// A type as C++ writes it, but for pointers: lldb knows `char *` by its name, and would look for a string.
    pub fn name<'a, 'd>(
        &self,
        types: &Types<'_, 'a, 'd>,
        ty: Option<&DieRef<'a, 'd>>,
        depth: usize,
    ) -> String {
        let Some(ty) = ty else {
            return "void".to_owned();
        };
        if depth > MAX_DEPTH {
            return "?".to_owned();
        }
        let inner = || self.name(types, types.type_of(ty).as_ref(), depth + 1);
        match ty.entry.tag() {
            dw::DW_TAG_ptr_to_member_type if !types.is_function(ty) => {
                format!("{} {}", inner(), member_sign(types, ty))
            }
            tag if is_pointer(tag) && types.is_function(ty) => {
                let own = ty.name();
                own.unwrap_or_else(|| self.function_pointer_name(types, ty, depth))
            }
            tag if is_pointer(tag) => match (self.flavor, tag) {
                (Flavor::Gdb, dw::DW_TAG_pointer_type) => inner() + " *",
                (Flavor::Gdb, _) => inner() + " &",
                (Flavor::Lldb, _) if self.wraps => match ty.name() {
                    // Rust names its pointers.
                    Some(name) => name,
                    None if tag == dw::DW_TAG_pointer_type => {
                        self.pointer_name(types, ty, '*', depth)
                    }
                    None => self.pointer_name(types, ty, '&', depth),
                },
                (Flavor::Lldb, dw::DW_TAG_pointer_type) => format!("wasm32_ptr<{}>", inner()),
                (Flavor::Lldb, _) => format!("wasm32_ref<{}>", inner()),
            },
            dw::DW_TAG_const_type => qualified("const", &inner()),
            dw::DW_TAG_volatile_type => qualified("volatile", &inner()),
            dw::DW_TAG_restrict_type => qualified("restrict", &inner()),
            dw::DW_TAG_subroutine_type => inner() + "()",
            dw::DW_TAG_array_type if self.flavor == Flavor::Gdb => {
                format!("{} {}", inner(), bounds(ty))
            }
            dw::DW_TAG_array_type => inner() + "[]",
            tag => match ty.name() {
                Some(name) => self.tag_name(tag).to_owned() + &name,
                None => "(anonymous)".to_owned(),
            },
        }
    }

    /// A pointer's or reference's type as C++ writes it, `int(*)[3]`, without spaces.
    fn pointer_name<'a, 'd>(
        &self,
        types: &Types<'_, 'a, 'd>,
        ty: &DieRef<'a, 'd>,
        sign: char,
        depth: usize,
    ) -> String {
        let inner = types.type_of(ty);
        if let Some(array) = &inner
            && array.entry.tag() == dw::DW_TAG_array_type
        {
            let element = self.name(types, types.type_of(array).as_ref(), depth + 2);
            return format!("{element}({sign}){}", bounds(array));
        }
        let mut name = self.name(types, inner.as_ref(), depth + 1);
        // Behind the sign of a pointer to an array or a function: `int(**)[3]`.
        let end = match inner {
            Some(inner) if is_pointer(inner.entry.tag()) => name.find("*)").map(|at| at + 1),
            _ => None,
        };
        name.insert(end.unwrap_or(name.len()), sign);
        name
    }

    /// Returns the tag's keyword before a type's name, where types are named by their tags.
    fn tag_name(&self, tag: DwTag) -> &'static str {
        match tag {
            _ if !self.has_tags => "",
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type => "struct ",
            dw::DW_TAG_union_type => "union ",
            dw::DW_TAG_enumeration_type => "enum ",
            _ => "",
        }
    }

    /// A pointer or reference to a function as C writes it: `int (*)(char *)`.
    fn function_pointer_name<'a, 'd>(
        &self,
        types: &Types<'_, 'a, 'd>,
        pointer: &DieRef<'a, 'd>,
        depth: usize,
    ) -> String {
        let sign = match pointer.entry.tag() {
            dw::DW_TAG_ptr_to_member_type => member_sign(types, pointer),
            dw::DW_TAG_reference_type => "&".to_owned(),
            dw::DW_TAG_rvalue_reference_type => "&&".to_owned(),
            _ => "*".to_owned(),
        };
        let Some(function) = types
            .type_of(pointer)
            .filter(|it| it.entry.tag() == dw::DW_TAG_subroutine_type && depth < MAX_DEPTH)
        else {
            // By another name.
            return format!(
                "{} {sign}",
                self.name(types, types.type_of(pointer).as_ref(), depth + 1)
            );
        };
        // Those of parameters that are such pointers, two deep: types may be made of themselves, and more than once.
        let depth = depth + MAX_DEPTH / 2;
        let mut params = Vec::new();
        if let Ok(mut tree) = function.unit.entries_tree(Some(function.entry.offset()))
            && let Ok(root) = tree.root()
        {
            let mut children = root.children();
            while let Ok(Some(child)) = children.next() {
                match child.entry().tag() {
                    _ if params.len() == MAX_PARAMS => break,
                    dw::DW_TAG_formal_parameter => {
                        let ty = types.type_at(function.unit, child.entry());
                        params.push(spaced(self.name(types, ty.as_ref(), depth + 1)));
                    }
                    dw::DW_TAG_unspecified_parameters => params.push("...".to_owned()),
                    _ => {}
                }
            }
        }
        let result = self.name(types, types.type_of(&function).as_ref(), depth + 1);
        format!("{result} ({sign})({})", params.join(", "))
    }
}

/// The declarator of a pointer to a member, in place of a star.
fn member_sign<'a, 'd>(types: &Types<'_, 'a, 'd>, pointer: &DieRef<'a, 'd>) -> String {
    let class = pointer.entry.attr_value(dw::DW_AT_containing_type);
    let class = class.and_then(|class| types.resolve(pointer.unit, class));
    // Its own name only: two ways on from each type would be without end for types that go in circles.
    let class = class.and_then(|class| class.name());
    format!("{}::*", class.unwrap_or_default())
}

/// A type's name with the space before its sign that names of pointers lack in lldb.
fn spaced(mut name: String) -> String {
    let end = name.trim_end_matches(['*', '&']).len();
    if end < name.len() && !name[..end].ends_with([' ', '(']) {
        name.insert(end, ' ');
    }
    name
}
