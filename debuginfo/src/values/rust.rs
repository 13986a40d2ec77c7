//! Values of Rust's types as Rust's `{:?}` would show them: enums as the variant that they are, and what the standard library's
//! owners own. Types are known by the names and members that rustc gives them; one that looks otherwise is shown as a structure.

use super::evaluate::Location;
use super::render::{DEPTH, MEMBERS, Renderer, STRING, address, number, quote, signed};
use super::shown::Shown;
use crate::units::Place;
use gimli::DwTag;
use gimli::constants as dw;
use gimli::read::AttributeValue;

/// The number of structures that may wrap a pointer: a vector's is in five.
const WRAPPERS: usize = 8;

impl Renderer<'_, '_> {
    /// Returns true if an entry is of a program in Rust.
    pub(super) fn is_rust(&self, place: Place) -> bool {
        let language = self.units.get(place.unit).and_then(|unit| {
            let root = unit.entry(unit.header.root_offset()).ok()?;
            root.attr_value(dw::DW_AT_language)
        });
        matches!(language, Some(AttributeValue::Language(dw::DW_LANG_Rust)))
    }

    /// A structure of Rust's; `None` where it is not understood.
    pub(super) fn rust(&self, value: Shown<'_>, children: &[(Place, DwTag)]) -> Option<String> {
        let name = self.units.name(value.ty).unwrap_or_default();
        let part = children
            .iter()
            .find(|(_, tag)| *tag == dw::DW_TAG_variant_part);
        if let Some((part, _)) = part {
            return self.variant(*part, value);
        }
        self.library(&name, value)
            .or_else(|| self.plain(&name, value, children))
    }

    /// A type of the standard library.
    fn library(&self, name: &str, value: Shown<'_>) -> Option<String> {
        let (head, _) = name.split_once('<').unwrap_or((name, ""));
        let slice = self.field(value, "data_ptr").is_some();
        let whole = |it: Shown<'_>| self.value(it.ty, it.bytes, it.depth);
        match head {
            _ if slice => self.slice(name, value),
            "String" => self.owned_text(value),
            "Vec" => self.vector(value),
            "Rc" | "Arc" => self.counted(value, if head == "Rc" { "value" } else { "data" }),
            "Ref" | "RefMut" => self.borrowed(value),
            "Cell" | "UnsafeCell" | "ManuallyDrop" => self.member_value(value, "value"),
            "RefCell" => self.ref_cell(value),
            "NonNull" | "Unique" => self.member_value(value, "pointer"),
            "BTreeMap" => Some(entries(self.len(value, "length")?)),
            // The standard library's are around those of another crate, of the same names.
            "HashMap" => self.within(value, &["base"], whole).or_else(|| {
                self.within(value, &["table", "table"], |table| {
                    Some(entries(self.len(table, "items")?))
                })
            }),
            "HashSet" => self
                .within(value, &["base"], whole)
                .or_else(|| self.within(value, &["map"], whole)),
            "BTreeSet" => self.within(value, &["map"], whole),
            "VecDeque" => Some(entries(self.len(value, "len")?)),
            _ => None,
        }
    }

    fn owned_text(&self, value: Shown<'_>) -> Option<String> {
        let (ty, bytes) = self.field(value, "vec")?;
        let vec = Shown {
            ty,
            bytes: &bytes,
            ..value
        };
        let address = self.buffer(vec)?;
        self.text(address, self.len(vec, "len")?)
    }

    fn vector(&self, value: Shown<'_>) -> Option<String> {
        let address = self.buffer(value)?;
        let (element, len) = (self.parameter(value.ty)?, self.len(value, "len")?);
        self.elements(element, address, len, value.depth)
    }

    /// Renders the counted value, by the name of its member beside the counts.
    fn counted(&self, value: Shown<'_>, member: &str) -> Option<String> {
        let (ty, bytes) = self.field(value, "ptr")?;
        let (counted, address) = self.target(Shown {
            ty,
            bytes: &bytes,
            ..value
        })?;
        let bytes = self.bytes(counted, &Location::Memory(address))?;
        let counted = Shown {
            ty: counted,
            bytes: &bytes,
            depth: value.depth,
        };
        self.member_value(counted, member)
    }

    fn borrowed(&self, value: Shown<'_>) -> Option<String> {
        let (ty, bytes) = self.field(value, "value")?;
        let (target, address) = self.target(Shown {
            ty,
            bytes: &bytes,
            ..value
        })?;
        self.at(target, address, value.depth + 1)
    }

    /// Any other structure: its members, without those that have no size.
    fn plain(&self, name: &str, value: Shown<'_>, children: &[(Place, DwTag)]) -> Option<String> {
        if value.depth >= DEPTH {
            return Some("{…}".to_owned());
        }
        let mut named = true;
        let mut shown = Vec::new();
        for (child, tag) in children {
            if *tag != dw::DW_TAG_member {
                continue;
            }
            let member = self.units.name(*child)?;
            named &= !member.starts_with("__");
            let size = self.units.ty(*child).and_then(|ty| self.size(ty));
            if size == Some(0) {
                continue;
            }
            if shown.len() == MEMBERS {
                shown.push("…".to_owned());
                break;
            }
            let inner = self.member(*child, value.bytes);
            let inner =
                inner.and_then(
                    |(ty, bytes)| match self.is_pointer_to_function(value.ty, ty) {
                        true => self.variable(ty, &bytes, true),
                        false => self.value(ty, &bytes, value.depth + 1),
                    },
                );
            let inner = inner.unwrap_or_else(|| "?".to_owned());
            shown.push(match named {
                true => format!("{member} = {inner}"),
                false => inner,
            });
        }
        let (head, _) = name.split_once('<').unwrap_or((name, ""));
        Some(match named {
            // `()`, `PhantomData`, a structure without fields.
            true if shown.is_empty() => head.to_owned(),
            true => format!("{{{}}}", shown.join(", ")),
            false if head.starts_with('(') => format!("({})", shown.join(", ")),
            false => format!("{head}({})", shown.join(", ")),
        })
    }

    /// Returns true if a member of a structure is certainly a pointer to a function and not a function: that has a type which can only be a
    /// parameter's, or what a closure has of its surroundings; and those of tuples have no declaration at all.
    fn is_pointer_to_function(&self, structure: Place, member: Place) -> bool {
        let declared = self.units.name(structure).is_some_and(|name| {
            let first = name.chars().next();
            first.is_some_and(|first| first.is_alphabetic())
        });
        declared
            && self.is_function_of_rust(member)
            && !self.units.type_parameters(structure).contains(&member)
    }

    /// Renders the active variant of an enum, by its discriminant (DWARF 5, section 5.7.10).
    fn variant(&self, part: Place, value: Shown<'_>) -> Option<String> {
        let children = self.units.children(part);
        let variants = || {
            let variants = children.iter();
            variants.filter(|(_, tag)| *tag == dw::DW_TAG_variant)
        };
        let discriminant = self.discriminant(part, value.bytes);
        let of = |variant: Place| self.units.attr(variant, dw::DW_AT_discr_value);
        let chosen = match discriminant {
            Some((bits, mask)) => variants()
                .find(|(variant, _)| {
                    let constant = of(*variant).and_then(|(_, attr)| {
                        let signed = attr.sdata_value().map(|value| value as u64);
                        signed.or_else(|| attr.udata_value())
                    });
                    constant.is_some_and(|constant| constant & mask == bits)
                })
                // One that has no discriminant is all others: it keeps something else in its place.
                .or_else(|| variants().find(|(variant, _)| of(*variant).is_none())),
            None if variants().count() == 1 => variants().next(),
            None => None,
        }?;
        let members = self.units.children(chosen.0);
        let (member, _) = members.iter().find(|(_, tag)| *tag == dw::DW_TAG_member)?;
        let (ty, bytes) = self.member(*member, value.bytes)?;
        let name = self.units.name(*member)?;
        // A variant is no level of its own.
        let inner = Shown {
            ty,
            bytes: &bytes,
            depth: value.depth.saturating_sub(1),
        };
        let shown = self.plain(&name, inner, &self.units.children(ty))?;
        Some(match shown.strip_prefix('{') {
            Some(_) => format!("{name} {shown}"),
            None => shown,
        })
    }

    /// The discriminant's bits, and those that count.
    fn discriminant(&self, part: Place, bytes: &[u8]) -> Option<(u64, u64)> {
        let (unit, attr) = self.units.attr(part, dw::DW_AT_discr)?;
        let (_, bytes) = self.member(self.units.reference(unit, attr.value())?, bytes)?;
        let mask = match bytes.len() {
            len @ 1..8 => (1 << (8 * len)) - 1,
            8 => u64::MAX,
            _ => return None,
        };
        Some((number(&bytes)? as u64, mask))
    }

    /// `&str`, `&[T]`, and boxes of them.
    fn slice(&self, name: &str, value: Shown<'_>) -> Option<String> {
        let (pointer, bytes) = self.field(value, "data_ptr")?;
        let len = self.len(value, "length")?;
        let address = address(&bytes)?;
        let owns = name.split(',').next()?;
        if owns.ends_with("str") || owns.ends_with("str>") {
            return self.text(address, len);
        }
        let (pointer, _) = self.bare(pointer)?;
        self.elements(self.units.ty(pointer)?, address, len, value.depth)
    }

    /// Elements in memory.
    pub(super) fn elements(
        &self,
        element: Place,
        address: u64,
        len: usize,
        depth: usize,
    ) -> Option<String> {
        let size = self.size(element)? as usize;
        if len == 0 || size == 0 {
            return Some(if len == 0 {
                "[]".to_owned()
            } else {
                format!("[…; {len}]")
            });
        }
        if depth >= DEPTH {
            return Some("[…]".to_owned());
        }
        let bytes = self
            .machine
            .memory(address, size.checked_mul(len.min(MEMBERS))?)?;
        let shown: Option<Vec<_>> = bytes
            .chunks_exact(size)
            .map(|bytes| self.value(element, bytes, depth + 1))
            .collect();
        let more = match len.checked_sub(MEMBERS) {
            None | Some(0) => String::new(),
            Some(more) => format!(", … {more} more"),
        };
        Some(format!("[{}{more}]", shown?.join(", ")))
    }

    pub(super) fn text(&self, address: u64, len: usize) -> Option<String> {
        if len == 0 {
            return Some("\"\"".to_owned());
        }
        let text = self.machine.memory(address, len.min(STRING))?;
        Some(quote(&text, len > STRING))
    }

    fn ref_cell(&self, value: Shown<'_>) -> Option<String> {
        let inner = self.member_value(value, "value")?;
        let (ty, borrow) = self.field(value, "borrow")?;
        let borrow = self.field(
            Shown {
                ty,
                bytes: &borrow,
                ..value
            },
            "value",
        )?;
        Some(match signed(&borrow.1)? {
            0 => inner,
            1.. => format!("{inner} (borrowed)"),
            _ => format!("{inner} (borrowed mutably)"),
        })
    }

    /// A member that stands for the whole.
    fn member_value(&self, value: Shown<'_>, name: &str) -> Option<String> {
        let (ty, bytes) = self.field(value, name)?;
        self.value(ty, &bytes, value.depth)
    }

    fn within(
        &self,
        value: Shown<'_>,
        path: &[&str],
        then: impl Fn(Shown<'_>) -> Option<String>,
    ) -> Option<String> {
        let Some((first, rest)) = path.split_first() else {
            return then(value);
        };
        let (ty, bytes) = self.field(value, first)?;
        self.within(
            Shown {
                ty,
                bytes: &bytes,
                ..value
            },
            rest,
            then,
        )
    }

    /// A member by its name.
    pub(super) fn field(&self, value: Shown<'_>, name: &str) -> Option<(Place, Vec<u8>)> {
        let (ty, _) = self.bare(value.ty)?;
        let children = self.units.children(ty);
        let (member, _) = children.iter().find(|(child, tag)| {
            *tag == dw::DW_TAG_member && self.units.name(*child).as_deref() == Some(name)
        })?;
        self.member(*member, value.bytes)
    }

    /// A length: a number, or a structure around one.
    pub(super) fn len(&self, value: Shown<'_>, name: &str) -> Option<usize> {
        let (_, bytes) = self.field(value, name)?;
        usize::try_from(number(&bytes).filter(|_| bytes.len() <= 8)?).ok()
    }

    /// The pointer that structures are wrapped around, and what it is to.
    fn target(&self, value: Shown<'_>) -> Option<(Place, u64)> {
        let (mut ty, mut bytes) = (value.ty, value.bytes.to_vec());
        for _ in 0..WRAPPERS {
            let (bare, tag) = self.bare(ty)?;
            if tag == dw::DW_TAG_pointer_type {
                return Some((self.units.ty(bare)?, address(&bytes)?));
            }
            let children = self.units.children(bare);
            let mut members = children.iter();
            let first = members.find_map(|(child, tag)| {
                let sized = *tag == dw::DW_TAG_member && self.size(self.units.ty(*child)?)? > 0;
                let pointer = || {
                    matches!(
                        self.units.name(*child).as_deref(),
                        Some("ptr" | "pointer" | "inner" | "__0")
                    )
                };
                (sized && pointer()).then_some(*child)
            })?;
            (ty, bytes) = self.member(first, &bytes)?;
        }
        None
    }

    /// The address of the elements of a vector or a queue.
    fn buffer(&self, value: Shown<'_>) -> Option<u64> {
        let (ty, bytes) = self.field(value, "buf")?;
        Some(
            self.target(Shown {
                ty,
                bytes: &bytes,
                depth: 0,
            })?
            .1,
        )
    }

    /// A generic type's first parameter.
    fn parameter(&self, ty: Place) -> Option<Place> {
        let children = self.units.children(ty);
        let (first, _) = children
            .iter()
            .find(|(_, tag)| *tag == dw::DW_TAG_template_type_parameter)?;
        self.units.ty(*first)
    }
}

pub(super) fn entries(count: usize) -> String {
    match count {
        1 => "{1 entry}".to_owned(),
        count => format!("{{{count} entries}}"),
    }
}
