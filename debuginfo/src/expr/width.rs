//! Arithmetic of the guest's widths in the debugger's 64 bits.
//!
//! LLVM writes expressions as if the stack were as wide as what it computes with, and mixes values of base types with constants
//! that have none, which gdb refuses (DWARF 5, section 2.5.1.4: both operands have one type). So integers of base types are
//! numbers of 64 bits here that are cut to size, and only floating point numbers have types.

use super::base_type::{BaseType, Width};
use super::emit::Emitter;
use super::unlocatable::Unlocatable;
use crate::code::Flavor;
use gimli::{DwOp, UnitOffset, constants as dw};

impl Emitter<'_> {
    fn base_type(&self, ty: UnitOffset) -> Result<BaseType, Unlocatable> {
        let found = (self.entries.base_type)(ty).ok_or("a base type that is not there")?;
        if found.sign().is_none() && self.places.code.flavor == Flavor::Lldb {
            return Err("a floating point number in an expression, which lldb has none of".into());
        }
        Ok(found)
    }

    /// DW_OP_convert.
    pub(super) fn convert(&mut self, to: Option<UnitOffset>) -> Result<(), Unlocatable> {
        let Some(to) = to.map(|to| self.base_type(to)).transpose()? else {
            if self.width == Width::Float {
                self.out.op_convert(None);
            }
            self.generic();
            return Ok(());
        };
        match to.sign() {
            Some(sign) => {
                if self.width == Width::Float {
                    self.out.op_convert(Some(to.id));
                    self.out.op_convert(None);
                }
                self.integer(to, sign);
            }
            None => {
                self.typed_integer();
                self.out.op_convert(Some(to.id));
                self.width = Width::Float;
            }
        }
        Ok(())
    }

    /// DW_OP_reinterpret.
    pub(super) fn reinterpret(&mut self, to: Option<UnitOffset>) -> Result<(), Unlocatable> {
        let to = to.map(|to| self.base_type(to)).transpose()?;
        match to.map(|to| (to, to.sign())) {
            None => {
                if self.width == Width::Float {
                    self.out.op_reinterpret(None);
                }
                self.generic();
            }
            Some((to, Some(sign))) => {
                if self.width == Width::Float {
                    self.out.op_reinterpret(Some(to.id));
                    self.out.op_convert(None);
                }
                self.integer(to, sign);
            }
            Some((to, None)) => {
                self.typed_integer();
                self.out.op_reinterpret(Some(to.id));
                self.width = Width::Float;
            }
        }
        Ok(())
    }

    /// DW_OP_const_type.
    pub(super) fn typed_constant(
        &mut self,
        ty: UnitOffset,
        bytes: &[u8],
    ) -> Result<(), Unlocatable> {
        let ty = self.base_type(ty)?;
        match ty.sign() {
            Some(sign) if bytes.len() <= 8 => {
                let mut wide = [0; 8];
                wide[..bytes.len()].copy_from_slice(bytes);
                self.out.op_constu(u64::from_le_bytes(wide));
                self.integer(ty, sign);
            }
            Some(_) => return Err("a constant of more than 64 bits".into()),
            None => {
                self.out.op_const_type(ty.id, bytes.into());
                self.width = Width::Float;
            }
        }
        Ok(())
    }

    /// DW_OP_deref_type, of an address of the host's.
    pub(super) fn typed_deref(&mut self, ty: UnitOffset, bytes: u8) -> Result<(), Unlocatable> {
        let ty = self.base_type(ty)?;
        match ty.sign() {
            Some(sign) => {
                self.out.op_deref_size(bytes);
                self.integer(ty, sign);
            }
            None => {
                self.out.op_deref_type(bytes, ty.id);
                self.width = Width::Float;
            }
        }
        Ok(())
    }

    /// Marks the top of the stack as of the generic type.
    fn generic(&mut self) {
        self.width = self.generic;
        self.fit();
    }

    /// Marks the top of the stack as an integer.
    fn integer(&mut self, ty: BaseType, sign: bool) {
        self.width = Width::Integer(ty, sign);
        self.fit();
    }

    /// Gives an integer its type, as what becomes of it has one.
    fn typed_integer(&mut self) {
        if let Width::Integer(ty, _) = self.width {
            self.out.op_convert(Some(ty.id));
        }
    }

    /// Cuts a number to the guest's width.
    pub(super) fn fit(&mut self) {
        match self.width {
            Width::Address => self.mask(),
            Width::Integer(ty, true) => self.sign_extend(ty.bits),
            Width::Integer(ty, false) => self.zero_extend(ty.bits),
            Width::Long | Width::Float => {}
        }
    }

    fn zero_extend(&mut self, bits: u32) {
        if bits < 64 {
            self.out.op_constu((1 << bits) - 1);
            self.out.op(dw::DW_OP_and);
        }
    }

    fn sign_extend(&mut self, bits: u32) {
        if bits < 64 {
            for op in [dw::DW_OP_shl, dw::DW_OP_shra] {
                self.out.op_constu(u64::from(64 - bits));
                self.out.op(op);
            }
        }
    }

    /// Does something to both operands of the next operation.
    fn both(&mut self, change: impl Fn(&mut Self)) {
        for _ in 0..2 {
            self.out.op(dw::DW_OP_swap);
            change(self);
        }
    }

    /// Does something to the first operand of the next operation.
    fn first(&mut self, change: impl Fn(&mut Self)) {
        self.out.op(dw::DW_OP_swap);
        change(self);
        self.out.op(dw::DW_OP_swap);
    }

    /// Operations on the top of the stack that need nothing else.
    pub(super) fn plain(&mut self, op: DwOp) {
        let bits = match self.width {
            Width::Float => return self.out.op(op),
            Width::Address => 32,
            Width::Long => 64,
            Width::Integer(ty, _) => ty.bits,
        };
        // Numbers with zeros above: a negative one is a large positive one in 64 bits.
        let plain = !matches!(self.width, Width::Integer(_, true));
        // Integers without a sign are what they seem.
        let has_sign = !matches!(self.width, Width::Integer(_, false));
        match op {
            dw::DW_OP_div | dw::DW_OP_mod if plain && has_sign => {
                self.both(|it| it.sign_extend(bits));
            }
            dw::DW_OP_abs if plain && has_sign => self.sign_extend(bits),
            dw::DW_OP_shra if plain => self.first(|it| it.sign_extend(bits)),
            dw::DW_OP_shr => self.first(|it| it.zero_extend(bits)),
            // With the sign bit turned, order is the same for debuggers that compare with a sign and for those without.
            dw::DW_OP_ge | dw::DW_OP_gt | dw::DW_OP_le | dw::DW_OP_lt
                if self.width == Width::Address =>
            {
                self.both(|it| {
                    it.mask();
                    it.out.op_constu(1 << 31);
                    it.out.op(dw::DW_OP_xor);
                });
            }
            // A constant may be negative.
            dw::DW_OP_eq | dw::DW_OP_ne => self.both(Self::fit),
            _ => {}
        }
        // A remainder has the dividend's sign, and debuggers take their own for one without: a - a / b * b.
        let ops: &[DwOp] = match op {
            dw::DW_OP_mod => &[
                dw::DW_OP_over,
                dw::DW_OP_over,
                dw::DW_OP_div,
                dw::DW_OP_mul,
                dw::DW_OP_minus,
            ],
            _ => &[op],
        };
        ops.iter().for_each(|op| self.out.op(*op));
        if changes_width(op) {
            self.fit();
        }
    }
}

/// Returns true if a result may be wider than the operands.
fn changes_width(op: DwOp) -> bool {
    matches!(
        op,
        dw::DW_OP_minus
            | dw::DW_OP_plus
            | dw::DW_OP_mul
            | dw::DW_OP_neg
            | dw::DW_OP_not
            | dw::DW_OP_or
            | dw::DW_OP_xor
            | dw::DW_OP_shl
            | dw::DW_OP_shra
            | dw::DW_OP_div
            | dw::DW_OP_mod
            | dw::DW_OP_abs
    )
}
