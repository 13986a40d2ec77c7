//! What code and static variables are called.

use crate::address::HostAddress;
use crate::code::{CodeMap, Flavor, Forward, GET_POINTER, SET_POINTER};
use crate::elf::Symbol as Entry;
use crate::transform::{Native, Object};
use object::{LittleEndian, U16, U32, U64, elf};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// A symbol.
#[derive(Clone)]
pub(super) struct Symbol<'a> {
    pub name: Cow<'a, str>,
    pub ty: elf::SymbolType,
    pub binding: elf::SymbolBind,
    /// The number of its section.
    pub section: u16,
    pub address: u64,
    pub size: u64,
}

impl Symbol<'_> {
    /// Its entry, with the place of its name.
    pub fn entry(&self, name: u32) -> Entry {
        Entry {
            st_name: U32::new(LittleEndian, name),
            st_info: elf::SymbolInfo::new(self.binding, self.ty),
            st_other: elf::SymbolOther(0),
            st_shndx: U16::new(LittleEndian, elf::SymbolSection(self.section)),
            st_value: U64::new(LittleEndian, self.address),
            st_size: U64::new(LittleEndian, self.size),
        }
    }
}

/// The numbers of sections that symbols are in, as [`super::code_sections`] orders them.
const TEXT: u16 = 1;
const MEMORY: u16 = 3;
/// Of those after it, each flavour has its own.
const POINTERS: u16 = 4;
const OWN: u16 = 4;

/// Names of all code: those of the DWARF where it has them, so that a debugger finds one function by both; and of static
/// variables. gdb demangles each symbol, which takes it half as long as reading all of the DWARF, and only `info symbol` asks for most of
/// those that the DWARF describes, but for [local ones](is_local). Of Rust's in their newer form (`_R`) it finds `app::summarize` as
/// `summarize` by them.
pub(super) fn symbols<'a>(code: &'a CodeMap<'_>, native: &'a Native<'_>) -> Vec<Symbol<'a>> {
    let trampolines = code
        .trampolines
        .iter()
        .map(|symbol| (printable(symbol.name), symbol.code.clone()));
    let entry = |(name, code): (Cow<'a, str>, Range<HostAddress>)| Symbol {
        name,
        ty: elf::STT_FUNC,
        binding: elf::STB_GLOBAL,
        section: TEXT,
        address: code.start.0,
        size: code.end.0 - code.start.0,
    };
    let pointers = code.pointer_code.iter().flat_map(|functions| {
        [(GET_POINTER, functions.get), (SET_POINTER, functions.set)].map(|(name, address)| Symbol {
            name: name.into(),
            ty: elf::STT_FUNC,
            binding: elf::STB_GLOBAL,
            section: POINTERS,
            address: address.0,
            size: 0,
        })
    });
    // lldb calls the image by its address; Dwalin's formatters, by this.
    let file = (code.flavor == Flavor::Lldb).then(|| Symbol {
        name: printable(code.module_name),
        ty: elf::STT_FILE,
        binding: elf::STB_LOCAL,
        section: elf::SHN_ABS.0,
        address: 0,
        size: 0,
    });
    let mut symbols: Vec<_> = file
        .into_iter()
        .chain(functions(code, native).chain(trampolines).map(entry))
        .chain(targets(code))
        .chain(pointers)
        .chain(native.objects.iter().map(|it| object(code, it)))
        .collect();
    // Local symbols come first (System V ABI, chapter 4, "Symbol Table").
    symbols.sort_by_key(|symbol| symbol.binding.0);
    symbols
}

/// Names and code of the module's functions.
fn functions<'a>(
    code: &'a CodeMap<'_>,
    native: &'a Native<'_>,
) -> impl Iterator<Item = (Cow<'a, str>, Range<HostAddress>)> {
    let is_gdb = code.flavor == Flavor::Gdb;
    let forwards: HashSet<_> = code.forwards.iter().map(|it| it.function).collect();
    let functions = code.functions.iter().enumerate();
    functions.filter_map(move |(index, function)| {
        let name = match native.names.get(&index) {
            Some(name) if is_gdb && is_itanium(name) && !is_local(name) => return None,
            Some(name) => name,
            None => function.name,
        };
        let mut code = function.code.clone();
        let mut name = printable(name);
        if forwards.contains(&index) {
            name = Cow::Owned(function_name(&name).into_owned());
            // gdb takes the symbol that has a size.
            code.start.0 += u64::from(is_gdb);
        }
        Some((name, code))
    })
}

/// A static variable.
fn object<'a>(code: &CodeMap<'_>, object: &'a Object) -> Symbol<'a> {
    // One without a size would reach to the next one.
    let own = code.own_base().filter(|_| object.size != 0);
    let (section, base) = own.map_or((MEMORY, 0), |base| (OWN, base.0));
    Symbol {
        name: printable(&object.name),
        ty: elf::STT_OBJECT,
        binding: binding(code.flavor, object),
        section,
        address: object.address.0 - base,
        size: object.size,
    }
}

/// The name that a stub and what it leads to have in common. Scripts of debuggers fold frames of such names away.
pub(super) fn stub_name(forward: &Forward) -> String {
    format!("wasm::to {:#x}", forward.to.0)
}

/// The name of a function that passes calls on, by which its frames are folded away.
pub(super) fn function_name(name: &str) -> Cow<'_, str> {
    match name.starts_with("wasm::") {
        true => name.into(),
        false => format!("wasm::{name}").into(),
    }
}

/// The symbols of the functions that stubs lead to: of other images, where these symbols are not looked for.
fn targets<'a>(code: &CodeMap<'_>) -> impl Iterator<Item = Symbol<'a>> {
    code.forwards.iter().map(|forward| Symbol {
        name: stub_name(forward).into(),
        ty: elf::STT_FUNC,
        binding: elf::STB_GLOBAL,
        section: TEXT,
        address: forward.to.0,
        // lldb gives those without a size the room up to the next one.
        size: u64::from(code.flavor == Flavor::Lldb),
    })
}

/// Who may mean a variable by its name alone. gdb takes an external variable that has a global symbol for one that was copied into the
/// executable (`R_X86_64_COPY`), and reads it at the first symbol of its name: another file's, or the host's (`get_symbol_address` in
/// its symtab.c).
fn binding(flavor: Flavor, object: &Object) -> elf::SymbolBind {
    if object.is_external && flavor == Flavor::Lldb {
        elf::STB_GLOBAL
    } else {
        elf::STB_LOCAL
    }
}

/// Returns true if a linkage name is one of C++ (Itanium C++ ABI, section 5.1), or of Rust in its older form.
fn is_itanium(name: &str) -> bool {
    name.starts_with("_Z")
}

/// Returns true if a linkage name of C++ is of what is declared in a function (Itanium C++ ABI, section 5.1.6), as it is or as
/// [`crate::demangle::host_name`] makes it. gdb 18 finds these by their symbols alone.
fn is_local(name: &str) -> bool {
    name.starts_with("_ZZ") || name.as_bytes().contains(&b':')
}

/// Strings of ELF end at a NUL.
fn printable(name: &str) -> Cow<'_, str> {
    if name.contains('\0') {
        name.replace('\0', "\u{fffd}").into()
    } else {
        name.into()
    }
}
