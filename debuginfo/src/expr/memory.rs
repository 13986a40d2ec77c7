//! Addresses in the guest's memory, which are those of the host but for the memory's base.

use super::emit::Emitter;
use super::unlocatable::Unlocatable;
use crate::address::{AddressSize, HostAddress};
use crate::write::Address;
use gimli::constants as dw;

impl Emitter<'_> {
    /// Object, member → the member as far from the object, which may be at the guest's address or the host's. gdb takes the
    /// difference for the member's offset.
    pub(super) fn from_object(&mut self) -> Result<(), Unlocatable> {
        const SIGN: u64 = 1 << 31;
        self.out.op(dw::DW_OP_over);
        match self.places.addresses {
            AddressSize::Four => {
                self.out.op(dw::DW_OP_minus);
                self.mask();
                for op in [dw::DW_OP_xor, dw::DW_OP_minus] {
                    self.out.op_constu(SIGN);
                    self.out.op(op);
                }
            }
            AddressSize::Eight => {
                self.guest_address()?;
                self.out.op(dw::DW_OP_minus);
            }
        }
        self.out.op(dw::DW_OP_plus);
        Ok(())
    }

    pub(super) fn memory_base(&self) -> Result<HostAddress, Unlocatable> {
        self.places
            .code
            .memories
            .first()
            .map(|memory| memory.base)
            .ok_or_else(|| "an address in a module without a memory".into())
    }

    pub(super) fn address(&mut self, address: u64, more: u64) -> Result<(), Unlocatable> {
        let size = self.places.addresses;
        let guest = size
            .data(address)
            .ok_or(Unlocatable::DroppedData)?
            .wrapping_add(more);
        let host = self.memory_base()?.0.wrapping_add(self.guest(guest));
        self.out.op_addr(Address::Constant(host));
        Ok(())
    }

    /// An address, cut to the guest's width.
    pub(super) fn guest(&self, address: u64) -> u64 {
        match self.places.addresses {
            AddressSize::Four => address & u64::from(u32::MAX),
            AddressSize::Eight => address,
        }
    }

    /// An address on the stack that may be the host's → the guest's. A memory of 32 bits begins where the low 32 bits are zero;
    /// one of 64 lies beyond all addresses in it.
    pub(super) fn guest_address(&mut self) -> Result<(), Unlocatable> {
        if self.places.addresses == AddressSize::Four {
            self.mask();
            return Ok(());
        }
        let base = self.memory_base()?.0;
        self.out.op(dw::DW_OP_dup);
        for op in [dw::DW_OP_ge, dw::DW_OP_mul, dw::DW_OP_minus] {
            if op != dw::DW_OP_minus {
                self.out.op_constu(base);
            }
            self.out.op(op);
        }
        Ok(())
    }

    /// The guest address on the stack → the host's.
    pub(super) fn memory_address(&mut self) -> Result<(), Unlocatable> {
        let base = self.memory_base()?;
        self.out.op_constu(base.0);
        self.out.op(dw::DW_OP_plus);
        Ok(())
    }

    /// Guest arithmetic is of 32 bits, unless its addresses are of more, the debugger's of 64.
    pub(super) fn mask(&mut self) {
        if self.places.addresses == AddressSize::Eight {
            return;
        }
        self.out.op_constu(u64::from(u32::MAX));
        self.out.op(dw::DW_OP_and);
    }
}
