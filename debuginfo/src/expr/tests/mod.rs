//! Native expressions, evaluated as a debugger does: with values of 64 bits, in a machine whose state is known.

mod arithmetic;
mod decoding;
mod operations;
mod wide;

use super::base_type::BaseType;
use super::decode::Op;
use super::emit::{Entries, Places, Purpose, emit};
use super::unlocatable::Unlocatable;
use crate::address::{AddressSize, FrameOffset, HostAddress, WasmPc};
use crate::code::{
    CodeMap, DebugSlot, DebugSlots, Flavor, GlobalAddress, GlobalPlace, KeptValue, MemoryPlace,
    SlotValue, ValueType as WasmType,
};
use crate::write::{Expression, Named, Unit};
use gimli::constants as dw;
use gimli::read::{Evaluation, EvaluationResult, Location, Piece, Value, ValueType};
use gimli::{Encoding, EndianSlice, Format, LittleEndian, UnitOffset};
use std::collections::BTreeMap;

const ENCODING: Encoding = Encoding {
    address_size: 8,
    format: Format::Dwarf32,
    version: 5,
};

/// The canonical frame address.
const CFA: u64 = 0x7fff_0000;
/// The base of the guest's memory.
const BASE: u64 = 1 << 32;
/// The frame base, as the guest has it.
const FRAME: u64 = 0x500;

/// Base types, by the offsets that operations refer to them by in these tests: encoding and size.
const BASE_TYPES: [(UnitOffset, gimli::DwAte, u8); 5] = [
    (UnitOffset(1), dw::DW_ATE_signed, 1),
    (UnitOffset(2), dw::DW_ATE_unsigned, 4),
    (UnitOffset(3), dw::DW_ATE_signed, 8),
    (UnitOffset(4), dw::DW_ATE_float, 4),
    (UnitOffset(5), dw::DW_ATE_signed, 4),
];

/// The memory that a debugger reads, and its knowledge of a function.
struct Machine {
    code: CodeMap<'static>,
    slots: DebugSlots,
    bytes: BTreeMap<u64, u8>,
    /// Of the variable.
    size: Option<u64>,
    addresses: AddressSize,
}

impl Machine {
    /// Locals 0 (i32, -8), 1 (i64, 2^40 + 5), 2 (f32, 1.5); from address 10 to 20 operand 0 (i32, 7); local 0 was 99 at entry; global 0 is
    /// 64 now, and was 32 for the function; the guest's memory has 0x11, 0x22 and so on at 0x100.
    fn new() -> Machine {
        let home = |place: i32| FrameOffset(-8 * place);
        let kept = |value, range, place| DebugSlot {
            value: SlotValue::Kept(value),
            range,
            offset: home(place),
            ty: WasmType::I32,
        };
        let body = WasmPc(0)..WasmPc(100);
        let mut machine = Machine {
            code: CodeMap {
                module_name: "test",
                wasm: &[],
                text: HostAddress(0)..HostAddress(0),
                functions: Vec::new(),
                trampolines: Vec::new(),
                eh_frame: (HostAddress(0), &[]),
                memories: vec![memory(BASE)],
                table: Vec::new(),
                globals: vec![GlobalPlace {
                    address: GlobalAddress::Fixed(HostAddress(0x9000)),
                    ty: WasmType::I32,
                }],
                forwards: Vec::new(),
                heap: None,
                context: None,
                flavor: Flavor::Gdb,
                at_own_addresses: false,
                pointer_code: None,
            },
            slots: DebugSlots {
                slots: vec![
                    DebugSlot::home(0, home(2), WasmType::I32),
                    DebugSlot::home(1, home(3), WasmType::I64),
                    DebugSlot::home(2, home(4), WasmType::F32),
                    kept(KeptValue::Operand(0), WasmPc(10)..WasmPc(20), 5),
                    kept(KeptValue::Entry(0), body.clone(), 6),
                    kept(KeptValue::Global(0), body, 7),
                ],
                gaps: Vec::new(),
            },
            bytes: BTreeMap::new(),
            size: None,
            addresses: AddressSize::Four,
        };
        machine.set(CFA - 16, &(-8i32).to_le_bytes());
        machine.set(CFA - 24, &((1i64 << 40) + 5).to_le_bytes());
        machine.set(CFA - 32, &1.5f32.to_le_bytes());
        machine.set(CFA - 40, &7i32.to_le_bytes());
        machine.set(CFA - 48, &99i32.to_le_bytes());
        machine.set(CFA - 56, &32i32.to_le_bytes());
        machine.set(0x9000, &64i32.to_le_bytes());
        machine.set(
            BASE + 0x100,
            &[0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88],
        );
        machine
    }

    fn set(&mut self, address: u64, bytes: &[u8]) {
        self.bytes.extend((address..).zip(bytes.iter().copied()));
    }

    fn read(&self, address: u64, size: u8) -> u64 {
        (0..u64::from(size)).fold(0, |value, i| {
            let byte = self.bytes.get(&(address + i));
            let byte = *byte.unwrap_or_else(|| panic!("nothing at {:#x}", address + i));
            value | u64::from(byte) << (8 * i)
        })
    }

    fn places(&self) -> Places<'_> {
        Places {
            code: &self.code,
            slots: Some(&self.slots),
            has_frame_base: true,
            from: Some(WasmPc(10)),
            size: self.size,
            only_padding_is_missing: false,
            addresses: self.addresses,
        }
    }

    /// Why operations have no native form.
    fn refusal(&self, ops: &[Op], purpose: Purpose) -> Unlocatable {
        let entries = Entries {
            base_type: &|_| None,
            any: &|_| None,
        };
        emit(Expression::new(), ops, &self.places(), purpose, entries).unwrap_err()
    }

    /// The native form's pieces.
    fn pieces(
        &self,
        ops: &[Op],
        purpose: Purpose,
    ) -> Vec<Piece<EndianSlice<'static, LittleEndian>>> {
        let mut unit = Unit::new(0);
        let types = BASE_TYPES.map(|(offset, encoding, bytes)| {
            let id = unit.add(unit.root(), dw::DW_TAG_base_type);
            let bits = 8 * u32::from(bytes);
            (offset, BaseType { id, encoding, bits })
        });
        let base_type = |offset| {
            let found = types.iter().find(|(at, _)| *at == offset);
            found.map(|(_, ty)| *ty)
        };
        let entries = Entries {
            base_type: &base_type,
            any: &|_| None,
        };
        let mut before = Expression::new();
        if purpose == Purpose::Member {
            before.op_constu(BASE + 0x40);
        }
        let native = emit(before, ops, &self.places(), purpose, entries).unwrap();
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        native.write(&mut bytes, &mut |place, named| places.push((place, named)));
        for (place, named) in places {
            let Named::Type(id) = named else {
                panic!("no base type");
            };
            let (offset, _) = types.iter().find(|(_, ty)| ty.id == id).unwrap();
            Expression::set_type(&mut bytes[place..], offset.0 as u32);
        }
        // Results may borrow from it.
        let bytes: &'static [u8] = bytes.leak();
        let expression = gimli::read::Expression(EndianSlice::new(bytes, LittleEndian));
        self.run(expression.evaluation(ENCODING))
    }

    fn run(
        &self,
        mut evaluation: Evaluation<EndianSlice<'static, LittleEndian>>,
    ) -> Vec<Piece<EndianSlice<'static, LittleEndian>>> {
        let mut result = evaluation.evaluate();
        loop {
            result = match result.unwrap() {
                EvaluationResult::Complete => return evaluation.result(),
                EvaluationResult::RequiresCallFrameCfa => {
                    evaluation.resume_with_call_frame_cfa(CFA)
                }
                EvaluationResult::RequiresFrameBase => {
                    evaluation.resume_with_frame_base(BASE + FRAME)
                }
                EvaluationResult::RequiresMemory {
                    address,
                    size,
                    base_type,
                    ..
                } => {
                    let bits = self.read(address, size);
                    let ty = value_type(base_type);
                    let bytes = bits.to_le_bytes();
                    let value = match ty {
                        ValueType::Generic => Value::Generic(bits),
                        ty => Value::parse(ty, EndianSlice::new(&bytes, LittleEndian)).unwrap(),
                    };
                    evaluation.resume_with_memory(value)
                }
                EvaluationResult::RequiresRelocatedAddress(address) => {
                    evaluation.resume_with_relocated_address(address)
                }
                EvaluationResult::RequiresBaseType(offset) => {
                    evaluation.resume_with_base_type(value_type(offset))
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// The value that the native form of a location computes.
    fn value(&self, ops: &[Op]) -> u64 {
        self.result(ops, Purpose::Location)
    }

    /// The value, or the address, that the native form leads to.
    fn result(&self, ops: &[Op], purpose: Purpose) -> u64 {
        match self.pieces(ops, purpose)[..] {
            [
                Piece {
                    size_in_bits: None,
                    location: Location::Value { value },
                    ..
                },
            ] => bits(value),
            [
                Piece {
                    size_in_bits: None,
                    location: Location::Address { address },
                    ..
                },
            ] => address,
            ref other => panic!("{other:?}"),
        }
    }
}

fn value_type(offset: UnitOffset) -> ValueType {
    let found = BASE_TYPES.iter().find(|(at, ..)| *at == offset);
    found.map_or(ValueType::Generic, |(_, encoding, bytes)| {
        ValueType::from_encoding(*encoding, (*bytes).into()).unwrap()
    })
}

fn bits(value: Value) -> u64 {
    match value {
        Value::F32(value) => value.to_bits().into(),
        Value::F64(value) => value.to_bits(),
        value => value.to_u64(u64::MAX).unwrap(),
    }
}

/// The place of a memory.
fn memory(base: u64) -> MemoryPlace {
    MemoryPlace {
        base: HostAddress(base),
        address_type: WasmType::I32,
    }
}
