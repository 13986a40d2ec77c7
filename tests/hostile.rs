//! Debug info that was made to cost much: types that go in circles, lists that all entries share, entries deep in each other.

mod fuzzing;

use fuzzing::memory;
use fuzzing::target::Module;
use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue as Value, Dwarf, EndianVec, Expression, LineProgram, Location,
    LocationList, Range, RangeList, Sections, Unit, UnitEntryId,
};
use gimli::{Encoding, Format, LittleEndian};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const MODULE: &str = "(module (memory 1)
  (func $f (export \"f\") (param i32) (result i32) local.get 0 i32.const 1 i32.add local.get 0 i32.add)
  (func $g (export \"g\") (param i32) (result i32) local.get 0 call $f call $f))";

const ENCODING: Encoding = Encoding {
    format: Format::Dwarf32,
    version: 5,
    address_size: 4,
};

/// The time that a module may take, unoptimised and on a busy machine, and for each byte.
const TIME: Duration = Duration::from_secs(300);
// A pointer of five bytes becomes six entries.
const MEMORY: usize = 2000;
const BESIDE: usize = 64 << 20;

/// One after the other, as their memory is counted.
static ONE: Mutex<()> = Mutex::new(());

fn string(text: &str) -> Value {
    Value::String(text.into())
}

fn address(address: u64) -> Value {
    Value::Address(Address::Constant(address))
}

/// A unit with the function `f`, which is 9 bytes from 3 on.
fn unit(encoding: Encoding) -> (Unit, UnitEntryId) {
    let mut unit = Unit::new(encoding, LineProgram::none());
    let root = unit.root();
    unit.get_mut(root).set(dw::DW_AT_name, string("a.cpp"));
    let language = Value::Language(dw::DW_LANG_C_plus_plus_14);
    unit.get_mut(root).set(dw::DW_AT_language, language);
    let function = unit.add(root, dw::DW_TAG_subprogram);
    let entry = unit.get_mut(function);
    entry.set(dw::DW_AT_name, string("f"));
    entry.set(dw::DW_AT_low_pc, address(2));
    entry.set(dw::DW_AT_high_pc, Value::Udata(11));
    (unit, function)
}

/// A variable of a function.
fn variable(unit: &mut Unit, function: UnitEntryId, ty: UnitEntryId) -> UnitEntryId {
    let id = unit.add(function, dw::DW_TAG_variable);
    let entry = unit.get_mut(id);
    entry.set(dw::DW_AT_name, string("v"));
    entry.set(dw::DW_AT_type, Value::UnitRef(ty));
    entry.set(dw::DW_AT_location, Value::Exprloc(local()));
    id
}

/// The location of a variable that is local 0.
fn local() -> Expression {
    let stack_value = dw::DW_OP_stack_value.0;
    Expression::raw(vec![dw::DW_OP_WASM_location.0, 0, 0, stack_value])
}

fn module(units: Vec<Unit>) -> Module {
    let mut dwarf = Dwarf::new();
    for unit in units {
        dwarf.units.add(unit);
    }
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let mut module = Module::of(&wat::parse_str(MODULE).unwrap(), None);
    sections
        .for_each(|id, data| {
            let bytes = data.slice().to_vec();
            module.sections.push((id.name().to_owned(), bytes));
            Ok::<_, gimli::write::Error>(())
        })
        .unwrap();
    module
}

/// Does everything with it, in time and memory.
fn exercise(module: &Module) {
    let _one = ONE.lock();
    let start = Instant::now();
    // The stack that threads have.
    let (_, peak) = memory::peak_of(|| {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(2 << 20);
            let thread = thread.spawn_scoped(scope, || module.exercise());
            thread.unwrap().join().unwrap();
        });
    });
    let (size, time) = (module.size(), start.elapsed());
    assert!(time < TIME, "{time:?} for {size} bytes");
    let allowed = MEMORY * size + BESIDE;
    assert!(peak < allowed, "{peak} bytes of memory for {size}");
}

#[test]
fn pointers_to_themselves_and_long_chains_of_them() {
    for length in [1, 2, 10_000] {
        let (mut unit, function) = unit(ENCODING);
        let root = unit.root();
        let pointers: Vec<_> = (0..length)
            .map(|_| unit.add(root, dw::DW_TAG_pointer_type))
            .collect();
        for (i, pointer) in pointers.iter().enumerate() {
            let to = pointers[(i + 1) % length];
            unit.get_mut(*pointer)
                .set(dw::DW_AT_type, Value::UnitRef(to));
        }
        variable(&mut unit, function, pointers[0]);
        exercise(&module(vec![unit]));
    }
}

#[test]
fn classes_that_are_their_own_bases() {
    let is_virtual = Value::Virtuality(dw::DW_VIRTUALITY_virtual);
    for virtuality in [None, Some(is_virtual)] {
        let (mut unit, function) = unit(ENCODING);
        let root = unit.root();
        let classes: Vec<_> = (0..40)
            .map(|_| unit.add(root, dw::DW_TAG_class_type))
            .collect();
        for (i, class) in classes.iter().enumerate() {
            unit.get_mut(*class).set(dw::DW_AT_name, string("C"));
            for base in [i + 1, i + 2] {
                let base = classes[base % classes.len()];
                let inheritance = unit.add(*class, dw::DW_TAG_inheritance);
                let entry = unit.get_mut(inheritance);
                entry.set(dw::DW_AT_type, Value::UnitRef(base));
                entry.set(dw::DW_AT_data_member_location, Value::Udata(4));
                if let Some(virtuality) = &virtuality {
                    entry.set(dw::DW_AT_virtuality, virtuality.clone());
                }
            }
            let member = unit.add(*class, dw::DW_TAG_member);
            unit.get_mut(member)
                .set(dw::DW_AT_type, Value::UnitRef(*class));
            let pointer = unit.add(root, dw::DW_TAG_pointer_type);
            unit.get_mut(pointer)
                .set(dw::DW_AT_type, Value::UnitRef(*class));
            variable(&mut unit, function, pointer);
        }
        exercise(&module(vec![unit]));
    }
}

#[test]
fn types_that_are_made_of_themselves_twice() {
    for tag in [
        dw::DW_TAG_ptr_to_member_type,
        dw::DW_TAG_array_type,
        dw::DW_TAG_typedef,
        dw::DW_TAG_subroutine_type,
        dw::DW_TAG_const_type,
        dw::DW_TAG_variant_part,
    ] {
        let (mut unit, function) = unit(ENCODING);
        let root = unit.root();
        let ty = unit.add(root, tag);
        let entry = unit.get_mut(ty);
        entry.set(dw::DW_AT_type, Value::UnitRef(ty));
        entry.set(dw::DW_AT_containing_type, Value::UnitRef(ty));
        entry.set(dw::DW_AT_abstract_origin, Value::UnitRef(ty));
        entry.set(dw::DW_AT_specification, Value::UnitRef(ty));
        for child in [dw::DW_TAG_formal_parameter, dw::DW_TAG_subrange_type] {
            let child = unit.add(ty, child);
            let entry = unit.get_mut(child);
            entry.set(dw::DW_AT_type, Value::UnitRef(ty));
            entry.set(dw::DW_AT_count, Value::Udata(u64::MAX));
        }
        let pointer = unit.add(root, dw::DW_TAG_pointer_type);
        unit.get_mut(pointer)
            .set(dw::DW_AT_type, Value::UnitRef(ty));
        variable(&mut unit, function, ty);
        variable(&mut unit, function, pointer);
        let origin = unit.add(function, dw::DW_TAG_inlined_subroutine);
        unit.get_mut(origin)
            .set(dw::DW_AT_abstract_origin, Value::UnitRef(origin));
        exercise(&module(vec![unit]));
    }
}

#[test]
fn entries_deep_in_each_other() {
    for tag in [dw::DW_TAG_lexical_block, dw::DW_TAG_structure_type] {
        let (mut unit, function) = unit(ENCODING);
        let int = unit.add(unit.root(), dw::DW_TAG_base_type);
        unit.get_mut(int).set(dw::DW_AT_byte_size, Value::Data1(4));
        // As many as gimli can write with this stack.
        let mut parent = function;
        for _ in 0..900 {
            parent = unit.add(parent, tag);
        }
        variable(&mut unit, parent, int);
        let pointer = unit.add(parent, dw::DW_TAG_pointer_type);
        unit.get_mut(pointer)
            .set(dw::DW_AT_type, Value::UnitRef(parent));
        let mut module = module(vec![unit]);
        exercise(&module);
        // And deeper than any stack: one abbreviation, an entry without attributes that has children, again and again.
        let length = 300_000_u32;
        let mut info = (length + 8).to_le_bytes().to_vec();
        info.extend([5, 0, 1, 4, 0, 0, 0, 0]);
        info.extend(std::iter::repeat_n(1, length as usize));
        let abbreviation = [1, dw::DW_TAG_lexical_block.0 as u8, 1, 0, 0, 0];
        for (name, bytes) in &mut module.sections {
            match &name[..] {
                ".debug_info" => bytes.clone_from(&info),
                ".debug_abbrev" => *bytes = abbreviation.to_vec(),
                _ => {}
            }
        }
        exercise(&module);
    }
}

#[test]
fn lists_that_all_entries_share() {
    for version in [4, 5] {
        let encoding = Encoding {
            version,
            ..ENCODING
        };
        let (mut unit, function) = unit(encoding);
        let int = unit.add(unit.root(), dw::DW_TAG_base_type);
        unit.get_mut(int).set(dw::DW_AT_byte_size, Value::Data1(4));
        let piece = |i: u64| (2 + i % 8, 3 + i % 8);
        let locations = (0..800).map(|i| Location::StartEnd {
            begin: Address::Constant(piece(i).0),
            end: Address::Constant(piece(i).1),
            data: local(),
        });
        let locations = unit.locations.add(LocationList(locations.collect()));
        let ranges = (0..800).map(|i| Range::StartEnd {
            begin: Address::Constant(piece(i).0),
            end: Address::Constant(piece(i).1),
        });
        let ranges = unit.ranges.add(RangeList(ranges.collect()));
        for _ in 0..800 {
            let block = unit.add(function, dw::DW_TAG_lexical_block);
            unit.get_mut(block)
                .set(dw::DW_AT_ranges, Value::RangeListRef(ranges));
            let id = variable(&mut unit, block, int);
            unit.get_mut(id)
                .set(dw::DW_AT_location, Value::LocationListRef(locations));
        }
        exercise(&module(vec![unit]));
    }
}

#[test]
fn frame_bases_and_expressions_that_multiply() {
    let (mut unit, function) = unit(ENCODING);
    let int = unit.add(unit.root(), dw::DW_TAG_base_type);
    unit.get_mut(int).set(dw::DW_AT_byte_size, Value::Data1(4));
    let mut base = vec![dw::DW_OP_WASM_location.0, 0, 0];
    base.extend(std::iter::repeat_n([dw::DW_OP_lit1.0, dw::DW_OP_plus.0], 20_000).flatten());
    base.push(dw::DW_OP_stack_value.0);
    unit.get_mut(function)
        .set(dw::DW_AT_frame_base, Value::Exprloc(Expression::raw(base)));
    let uses = [dw::DW_OP_fbreg.0, 4, dw::DW_OP_deref.0, dw::DW_OP_drop.0];
    let uses = std::iter::repeat_n(uses, 20_000).flatten().collect();
    for _ in 0..3 {
        let id = variable(&mut unit, function, int);
        unit.get_mut(id)
            .set(dw::DW_AT_location, Value::Exprloc(Expression::raw(uses)));
        return exercise(&module(vec![unit]));
    }
}

#[test]
fn names_that_all_types_share() {
    let (mut unit, function) = unit(ENCODING);
    let root = unit.root();
    let class = unit.add(root, dw::DW_TAG_structure_type);
    unit.get_mut(class)
        .set(dw::DW_AT_name, string(&"x".repeat(1 << 16)));
    for _ in 0..3000 {
        let pointer = unit.add(root, dw::DW_TAG_pointer_type);
        unit.get_mut(pointer)
            .set(dw::DW_AT_type, Value::UnitRef(class));
        let alias = unit.add(root, dw::DW_TAG_typedef);
        unit.get_mut(alias)
            .set(dw::DW_AT_type, Value::UnitRef(pointer));
        let id = variable(&mut unit, function, alias);
        unit.get_mut(id).set(dw::DW_AT_type, Value::UnitRef(alias));
    }
    exercise(&module(vec![unit]));
}
