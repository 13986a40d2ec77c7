//! The operands of an instruction, worked out from the wasm code before it and the locals of its frame: the machine code has
//! them in registers that nobody recorded. Whatever is not certain is unknown.

use crate::index::*;
use crate::module::ModuleInfo;
use crate::module::atomics::{Atomic, Kind};
use crate::module::features::FEATURES;
use crate::module::stack_pointer::stack_pointer;
use dwalin_debuginfo::values::{Machine, WasmValue};
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{
    FuncValidatorAllocations, MemArg, MemArgTarget, Operator, Parser, ValidPayload, Validator,
};

/// The origin of an operand.
#[derive(Clone, Debug)]
enum Expr {
    Unknown,
    Constant(WasmValue),
    Local(u32),
    Global(u32),
    /// Bytes, whether signed, and the result's width, of a load from an address and an offset.
    Load(Load, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Widen(bool, Box<Expr>),
    Wrap(Box<Expr>),
}

#[derive(Clone, Copy, Debug)]
struct Load {
    bytes: usize,
    signed: bool,
    wide: bool,
    float: bool,
    offset: u64,
}

#[derive(Clone, Copy, Debug)]
enum Binary {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Shl,
}

impl Expr {
    fn any(&self, test: &impl Fn(&Expr) -> bool) -> bool {
        test(self)
            || match self {
                Expr::Load(_, a) | Expr::Widen(_, a) | Expr::Wrap(a) => a.any(test),
                Expr::Binary(_, a, b) => a.any(test) || b.any(test),
                _ => false,
            }
    }

    /// The addresses that it was read from, the last first.
    fn bases(&self, machine: &dyn Machine, found: &mut Vec<u64>) {
        match self {
            Expr::Load(_, address) => {
                let base = match &**address {
                    // A member's offset, where it is not the instruction's.
                    Expr::Binary(Binary::Add, base, offset)
                        if matches!(**offset, Expr::Constant(_)) =>
                    {
                        base
                    }
                    address => address,
                };
                found.extend(base.value(machine).and_then(address_of));
                base.bases(machine, found);
            }
            Expr::Binary(_, a, b) => {
                a.bases(machine, found);
                b.bases(machine, found);
            }
            Expr::Widen(_, a) | Expr::Wrap(a) => a.bases(machine, found),
            _ => {}
        }
    }

    fn value(&self, machine: &dyn Machine) -> Option<WasmValue> {
        match self {
            Expr::Unknown => None,
            Expr::Constant(value) => Some(*value),
            Expr::Local(index) => machine.local(*index),
            Expr::Global(index) => machine.global(*index),
            Expr::Load(load, address) => load.value(address.value(machine)?, machine),
            Expr::Binary(op, a, b) => op.value(a.value(machine)?, b.value(machine)?),
            Expr::Widen(signed, a) => match (a.value(machine)?, signed) {
                (WasmValue::I32(bits), true) => Some(WasmValue::I64(bits as i32 as u64)),
                (WasmValue::I32(bits), false) => Some(WasmValue::I64(u64::from(bits))),
                _ => None,
            },
            Expr::Wrap(a) => match a.value(machine)? {
                WasmValue::I64(bits) => Some(WasmValue::I32(bits as u32)),
                _ => None,
            },
        }
    }
}

/// The address that an operand is, of a memory of 32-bit or 64-bit addresses.
pub fn address_of(value: WasmValue) -> Option<u64> {
    match value {
        WasmValue::I32(address) => Some(u64::from(address)),
        WasmValue::I64(address) => Some(address),
        _ => None,
    }
}

impl Load {
    fn value(self, address: WasmValue, machine: &dyn Machine) -> Option<WasmValue> {
        let address = address_of(address)?.checked_add(self.offset)?;
        let bytes = machine.memory(address, self.bytes)?;
        let mut all = [0; 8];
        all[..self.bytes].copy_from_slice(&bytes);
        let mut bits = u64::from_le_bytes(all);
        if self.signed {
            let shift = 64 - 8 * self.bytes as u32;
            bits = ((bits << shift) as i64 >> shift) as u64;
        }
        Some(match (self.float, self.wide) {
            (false, false) => WasmValue::I32(bits as u32),
            (false, true) => WasmValue::I64(bits),
            (true, false) => WasmValue::F32(bits as u32),
            (true, true) => WasmValue::F64(bits),
        })
    }
}

impl Binary {
    fn value(self, a: WasmValue, b: WasmValue) -> Option<WasmValue> {
        let apply = |a: u64, b: u64, width: u64| match self {
            Binary::Add => a.wrapping_add(b),
            Binary::Sub => a.wrapping_sub(b),
            Binary::Mul => a.wrapping_mul(b),
            Binary::And => a & b,
            Binary::Or => a | b,
            Binary::Shl => a << (b % width),
        };
        match (a, b) {
            (WasmValue::I32(a), WasmValue::I32(b)) => {
                Some(WasmValue::I32(apply(u64::from(a), u64::from(b), 32) as u32))
            }
            (WasmValue::I64(a), WasmValue::I64(b)) => Some(WasmValue::I64(apply(a, b, 64))),
            _ => None,
        }
    }
}

/// An instruction and the operands below it, the topmost last; `None` for those that are unknown.
pub struct Instruction<'a> {
    /// The value.
    pub operator: Operator<'a>,
    /// Its operands, and whatever is below them.
    pub operands: Vec<Option<WasmValue>>,
    /// True if the topmost but so many is a constant of the code.
    constants: Vec<bool>,
    /// The addresses that the topmost was read from, and those that these were read from, without the offsets of members.
    pub read_from: Vec<u64>,
}

impl Instruction<'_> {
    /// The operand at a depth, 0 for the topmost.
    pub fn operand(&self, depth: usize) -> Option<WasmValue> {
        *self
            .operands
            .get(self.operands.len().checked_sub(1 + depth)?)?
    }

    /// Returns true if the operand at a depth is a constant of the code.
    pub fn is_constant(&self, depth: usize) -> bool {
        let at = self.constants.len().checked_sub(1 + depth);
        at.is_some_and(|at| self.constants[at])
    }
}

/// The instruction at an offset of the file, in a function's body. `debugged`: whether the code was made with -g.
pub fn instruction_at<'a>(
    wasm: &'a [u8],
    info: &ModuleInfo,
    body: &Range<usize>,
    at: usize,
    machine: &dyn Machine,
    debugged: bool,
) -> Option<Instruction<'a>> {
    let mut validator = Validator::new_with_features(FEATURES);
    for payload in Parser::new(0).parse_all(wasm) {
        let ValidPayload::Func(function, code) = validator.payload(&payload.ok()?).ok()? else {
            continue;
        };
        if code.range().start as usize != body.start {
            continue;
        }
        let mut function = function.into_validator(FuncValidatorAllocations::default());
        let mut reader = code.get_binary_reader();
        function.read_locals(&mut reader).ok()?;
        let mut operators = code.get_operators_reader().ok()?;
        let mut stack = Stack::default();
        if debugged {
            stack.2 = stack_pointer(info, &operators).map(|global| global.as_u32());
        }
        while !operators.eof() {
            let offset = operators.original_position();
            let operator = operators.read().ok()?;
            if offset as usize == at {
                let operands = stack.0.iter().map(|expr| expr.value(machine)).collect();
                let constants = stack.0.iter();
                let constants = constants.map(|expr| matches!(expr, Expr::Constant(_)));
                let mut read_from = Vec::new();
                if let Some(topmost) = stack.0.last() {
                    topmost.bases(machine, &mut read_from);
                }
                return Some(Instruction {
                    operator,
                    operands,
                    constants: constants.collect(),
                    read_from,
                });
            }
            function.op(offset, &operator).ok()?;
            stack.after(&operator, function.operand_stack_height() as usize, info);
        }
        return None;
    }
    None
}

/// The operand stack; what locals were set to since control last came from elsewhere, as few locals have homes; and the global that
/// will be set to where the function's frame is, by the compiler.
#[derive(Default)]
struct Stack(Vec<Expr>, HashMap<u32, Expr>, Option<u32>);

impl Stack {
    fn forget(&mut self, test: impl Fn(&Expr) -> bool) {
        for expr in &mut self.0 {
            if expr.any(&test) {
                *expr = Expr::Unknown;
            }
        }
        self.1.retain(|_, expr| !expr.any(&test));
    }

    fn set_local(&mut self, local: u32, value: Expr) {
        let is_local = |expr: &Expr| matches!(expr, Expr::Local(index) if *index == local);
        self.forget(is_local);
        self.1.remove(&local);
        if !value.any(&is_local) && !matches!(value, Expr::Unknown) {
            self.1.insert(local, value);
        }
    }

    fn get_local(&mut self, local: u32) {
        let value = self.1.get(&local).cloned();
        self.0.push(value.unwrap_or(Expr::Local(local)));
    }

    fn pop(&mut self) -> Box<Expr> {
        Box::new(self.0.pop().unwrap_or(Expr::Unknown))
    }

    fn constant(&mut self, value: WasmValue) {
        self.0.push(Expr::Constant(value));
    }

    fn binary(&mut self, op: Binary) {
        let (b, a) = (self.pop(), self.pop());
        self.0.push(Expr::Binary(op, a, b));
    }

    /// Does what an operator does, which leaves so many operands.
    fn after(&mut self, operator: &Operator<'_>, height: usize, info: &ModuleInfo) {
        use Operator as O;
        match operator {
            O::LocalSet { local_index } | O::LocalTee { local_index } => {
                let value = self.pop();
                self.set_local(*local_index, *value);
                if matches!(operator, O::LocalTee { .. }) {
                    self.get_local(*local_index);
                }
            }
            O::GlobalSet { .. } => {
                self.pop();
                self.forget(|expr| matches!(expr, Expr::Global(_)));
            }
            O::Nop
            | O::Drop
            | O::Block { .. }
            | O::If { .. }
            | O::BrIf { .. }
            | O::BrTable { .. } => {}
            O::Loop { .. } | O::Else | O::End => self.forget(|_| true),
            O::Call { .. } | O::CallIndirect { .. } | O::CallRef { .. } => {
                self.forget(|expr| matches!(expr, Expr::Global(_) | Expr::Load(..)));
                let ty = match operator {
                    O::Call { function_index } => info
                        .functions
                        .get(FuncIndex::from_u32(*function_index))
                        .copied(),
                    O::CallIndirect { type_index, .. } | O::CallRef { type_index } => {
                        Some(TypeIndex::from_u32(*type_index))
                    }
                    _ => None,
                };
                let results = ty
                    .and_then(|ty| info.types.get(ty)?.function())
                    .map_or(height, |ty| ty.results().len());
                self.0.truncate(height.saturating_sub(results));
            }
            operator if self.simple(operator) => {}
            operator if writes(operator) => {
                self.0.truncate(height);
                self.forget(|expr| matches!(expr, Expr::Load(..)));
            }
            O::I64Add128 | O::I64Sub128 | O::I64MulWideS | O::I64MulWideU => {
                self.0.truncate(height.saturating_sub(2));
            }
            operator if Atomic::of(operator).is_some_and(|it| it.kind != Kind::Load) => {
                let is_store = Atomic::of(operator).is_some_and(|it| it.kind == Kind::Store);
                self.0
                    .truncate(height.saturating_sub(usize::from(!is_store)));
                self.forget(|expr| matches!(expr, Expr::Load(..)));
            }
            // Whatever it takes, it leaves one result at most.
            _ => self.0.truncate(height.saturating_sub(1)),
        }
        self.0.truncate(height);
        self.0.resize(height, Expr::Unknown);
    }

    /// Operators whose result can be worked out.
    fn simple(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::LocalGet { local_index } => self.get_local(*local_index),
            O::GlobalGet { global_index } if self.2 == Some(*global_index) => {
                self.0.push(Expr::Unknown);
            }
            O::GlobalGet { global_index } => self.0.push(Expr::Global(*global_index)),
            O::I32Sub | O::I64Sub if self.2.is_some() => {
                self.0.truncate(self.0.len().saturating_sub(2));
                self.0.extend(self.2.take().map(Expr::Global));
            }
            O::I32Const { value } => self.constant(WasmValue::I32(*value as u32)),
            O::I64Const { value } => self.constant(WasmValue::I64(*value as u64)),
            O::F32Const { value } => self.constant(WasmValue::F32(value.bits())),
            O::F64Const { value } => self.constant(WasmValue::F64(value.bits())),
            O::V128Const { value } => {
                self.constant(WasmValue::V128(u128::from_le_bytes(*value.bytes())));
            }
            O::I32Add | O::I64Add => self.binary(Binary::Add),
            O::I32Sub | O::I64Sub => self.binary(Binary::Sub),
            O::I32Mul | O::I64Mul => self.binary(Binary::Mul),
            O::I32And | O::I64And => self.binary(Binary::And),
            O::I32Or | O::I64Or => self.binary(Binary::Or),
            O::I32Shl | O::I64Shl => self.binary(Binary::Shl),
            O::I64ExtendI32S | O::I64ExtendI32U => {
                let value = self.pop();
                let signed = matches!(operator, O::I64ExtendI32S);
                self.0.push(Expr::Widen(signed, value));
            }
            O::I32WrapI64 => {
                let value = self.pop();
                self.0.push(Expr::Wrap(value));
            }
            operator => return self.load(operator),
        }
        true
    }

    #[rustfmt::skip] // a table
    fn load(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        let (bytes, signed, wide, float) = match operator {
            O::I32Load { .. } => (4, false, false, false),
            O::I64Load { .. } => (8, false, true, false),
            O::F32Load { .. } => (4, false, false, true),
            O::F64Load { .. } => (8, false, true, true),
            O::I32Load8S { .. } => (1, true, false, false),
            O::I32Load8U { .. } => (1, false, false, false),
            O::I32Load16S { .. } => (2, true, false, false),
            O::I32Load16U { .. } => (2, false, false, false),
            O::I64Load32S { .. } => (4, true, true, false),
            O::I64Load32U { .. } => (4, false, true, false),
            _ => return false,
        };
        let Some((offset, _)) = access(operator) else { return false };
        let address = self.pop();
        self.0.push(Expr::Load(Load { bytes, signed, wide, float, offset }, address));
        true
    }
}

/// The offset that a load or store adds and the bytes that it accesses; `None` for other operators and other memories than the
/// first.
pub fn access(operator: &Operator<'_>) -> Option<(u64, u64)> {
    let (memarg, bytes) = accessed(operator)?;
    (memarg.target == MemArgTarget::Memory(0)).then_some((memarg.offset, bytes))
}

/// The bytes that a load or store accesses.
pub fn bytes(operator: &Operator<'_>) -> Option<u64> {
    Some(accessed(operator)?.1)
}

/// The number of the memory that a load or store accesses.
pub fn memory(operator: &Operator<'_>) -> Option<u32> {
    match accessed(operator)?.0.target {
        MemArgTarget::Memory(index) => Some(index),
        _ => None,
    }
}

/// The address of a load or store, and the bytes that it accesses.
#[rustfmt::skip] // a table
fn accessed(operator: &Operator<'_>) -> Option<(MemArg, u64)> {
    use Operator as O;
    let (memarg, bytes) = match operator {
        O::I32Load8S { memarg } | O::I32Load8U { memarg } | O::I64Load8S { memarg } | O::I64Load8U { memarg }
        | O::I32Store8 { memarg } | O::I64Store8 { memarg } | O::V128Load8Splat { memarg } | O::V128Load8Lane { memarg, .. }
        | O::V128Store8Lane { memarg, .. } => (memarg, 1),
        O::I32Load16S { memarg } | O::I32Load16U { memarg } | O::I64Load16S { memarg } | O::I64Load16U { memarg }
        | O::I32Store16 { memarg } | O::I64Store16 { memarg } | O::V128Load16Splat { memarg } | O::V128Load16Lane { memarg, .. }
        | O::V128Store16Lane { memarg, .. } => (memarg, 2),
        O::I32Load { memarg } | O::F32Load { memarg } | O::I64Load32S { memarg } | O::I64Load32U { memarg }
        | O::I32Store { memarg } | O::F32Store { memarg } | O::I64Store32 { memarg } | O::V128Load32Splat { memarg }
        | O::V128Load32Zero { memarg } | O::V128Load32Lane { memarg, .. } | O::V128Store32Lane { memarg, .. } => (memarg, 4),
        O::I64Load { memarg } | O::F64Load { memarg } | O::I64Store { memarg } | O::F64Store { memarg }
        | O::V128Load8x8S { memarg } | O::V128Load8x8U { memarg } | O::V128Load16x4S { memarg } | O::V128Load16x4U { memarg }
        | O::V128Load32x2S { memarg } | O::V128Load32x2U { memarg } | O::V128Load64Splat { memarg } | O::V128Load64Zero { memarg }
        | O::V128Load64Lane { memarg, .. } | O::V128Store64Lane { memarg, .. } => (memarg, 8),
        O::V128Load { memarg } | O::V128Store { memarg } => (memarg, 16),
        operator => {
            let atomic = Atomic::of(operator)?;
            return Some((atomic.memarg, u64::from(atomic.bytes)));
        }
    };
    Some((*memarg, bytes))
}

/// The number of operands above the address of an access.
pub fn above_address(operator: &Operator<'_>) -> usize {
    use Operator as O;
    match operator {
        // The vector that the lane goes to.
        O::V128Load8Lane { .. }
        | O::V128Load16Lane { .. }
        | O::V128Load32Lane { .. }
        | O::V128Load64Lane { .. } => return 1,
        _ => {}
    }
    match Atomic::of(operator) {
        Some(atomic) => atomic.above_address(),
        None => usize::from(writes(operator)),
    }
}

/// Returns true if an operator leaves nothing and may change memory.
pub fn writes(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I32Store { .. }
            | O::I64Store { .. }
            | O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32Store8 { .. }
            | O::I32Store16 { .. }
            | O::I64Store8 { .. }
            | O::I64Store16 { .. }
            | O::I64Store32 { .. }
            | O::V128Store { .. }
            | O::V128Store8Lane { .. }
            | O::V128Store16Lane { .. }
            | O::V128Store32Lane { .. }
            | O::V128Store64Lane { .. }
            | O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryInit { .. }
            | O::DataDrop { .. }
            | O::TableSet { .. }
            | O::TableCopy { .. }
            | O::TableInit { .. }
            | O::TableFill { .. }
            | O::ElemDrop { .. }
    )
}
