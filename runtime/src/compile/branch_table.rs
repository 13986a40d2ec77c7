//! Branches by a number among many targets.

use super::control::args;
use super::signature::POINTER;
use super::translator::Translator;
use crate::module::validate::ModuleError;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, InstBuilder, JumpTableData, StackSlot, StackSlotData, StackSlotKind, Value,
};
use std::ops::Range;
use wasmparser::BrTable;

/// As many targets as one table of the code generator's has. It makes an empty block for each, and where those of a table are taken
/// out it looks at all of them again for each that follows.
const TABLE: usize = 512;

/// As many targets as a function's tables have before those that follow are packed: each takes hundreds of bytes of memory.
const UNPACKED: usize = 16 << 10;

/// As many different targets as a packed table has: their numbers are bytes.
const DIFFERENT: usize = 256;

/// A table whose targets are often the same ones: a word of the code has the numbers of many.
struct PackedTable {
    /// The different targets.
    depths: Vec<u32>,
    /// The number of each target.
    numbers: Vec<u8>,
    /// That of the target of all selectors beyond.
    default: u8,
    log_bits: u32,
    /// Goes to the target whose number is at the selector's place in a word. The word is in a slot: of a parameter of the block and all that
    /// becomes it, and of values that are made of each other, the register allocator makes one, and sorts what it is for each of them.
    end: Block,
}

impl PackedTable {
    /// Packs a table, if that makes it much smaller.
    fn of(targets: &[u32], default: u32, end: impl FnOnce() -> Block) -> Option<PackedTable> {
        let mut depths = [targets, &[default]].concat();
        depths.sort_unstable();
        depths.dedup();
        if depths.len() > DIFFERENT || depths.len() * 8 > targets.len() {
            return None;
        }
        let number = |depth| depths.binary_search(depth).expect("one of them") as u8;
        let numbers = targets.iter().map(number).collect();
        let default = number(&default);
        let bits = depths.len().next_power_of_two().ilog2();
        Some(PackedTable {
            depths,
            numbers,
            default,
            log_bits: bits.next_power_of_two().ilog2(),
            end: end(),
        })
    }

    fn numbers_of_a_word(&self) -> usize {
        64 >> self.log_bits
    }

    /// A word of numbers, the first one lowest.
    fn word(&self, numbers: &[u8]) -> i64 {
        let bits = 1_u32 << self.log_bits;
        let word = |word: u64, number: &u8| (word << bits) | u64::from(*number);
        numbers.iter().rev().fold(0, word) as i64
    }
}

impl Translator<'_, '_> {
    pub(super) fn branch_table(&mut self, table: &BrTable<'_>) -> Result<(), ModuleError> {
        let selector = self.pop();
        debug_assert_eq!(self.builder.func.dfg.value_type(selector), I32);
        let targets = table.targets().collect::<Result<Vec<_>, _>>()?;
        self.branch_by_targets(selector, &targets, table.default());
        self.reachable = false;
        Ok(())
    }

    /// Branches by the selector's place among targets, by halves where there are many.
    fn branch_by_targets(&mut self, selector: Value, targets: &[u32], default: u32) {
        if targets.iter().all(|target| *target == default) {
            return self.branch(default);
        }
        if targets.len() > TABLE || self.table_targets > UNPACKED {
            let end = || self.builder.create_block();
            if let Some(table) = PackedTable::of(targets, default, end) {
                return self.branch_by_packed(selector, &table);
            }
        }
        if targets.len() <= TABLE {
            return self.branch_by_table(selector, targets, default);
        }
        let half = targets.len() / 2;
        let (below, from) = targets.split_at(half);
        let after = self.begin_below(selector, half);
        // All of these places are below: the last of them need not be compared with.
        let (last, others) = below.split_last().expect("half of many");
        self.branch_by_targets(selector, others, *last);
        let selector = self.begin_from(selector, half, after);
        self.branch_by_targets(selector, from, default);
    }

    /// Begins the code for selectors below a number, and returns the block of the others.
    fn begin_below(&mut self, selector: Value, number: usize) -> Block {
        let blocks = [self.builder.create_block(), self.builder.create_block()];
        let number = self.builder.ins().iconst(I32, number as i64);
        let less = IntCC::UnsignedLessThan;
        let is_below = self.builder.ins().icmp(less, selector, number);
        self.builder
            .ins()
            .brif(is_below, blocks[0], &[], blocks[1], &[]);
        self.builder.switch_to_block(blocks[0]);
        blocks[1]
    }

    /// Begins the code for selectors from a number on, and returns how far beyond it they are.
    fn begin_from(&mut self, selector: Value, number: usize, block: Block) -> Value {
        self.builder.switch_to_block(block);
        let number = self.builder.ins().iconst(I32, number as i64);
        self.builder.ins().isub(selector, number)
    }

    fn branch_by_table(&mut self, selector: Value, targets: &[u32], default: u32) {
        self.table_targets += targets.len();
        let call = |translator: &mut Self, depth| {
            let (block, count) = translator.target(depth);
            let values = args(&translator.stack[translator.stack.len() - count..]);
            translator.builder.func.dfg.block_call(block, &values)
        };
        let targets: Vec<_> = targets.iter().map(|depth| call(self, *depth)).collect();
        let default = call(self, default);
        let table = self
            .builder
            .create_jump_table(JumpTableData::new(default, &targets));
        self.builder.ins().br_table(selector, table);
    }

    fn branch_by_packed(&mut self, selector: Value, table: &PackedTable) {
        let beyond = self.begin_below(selector, table.numbers.len());
        self.find_word(selector, 0..table.numbers.len(), table);
        self.builder.switch_to_block(beyond);
        self.go_to_end(&vec![table.default; table.numbers_of_a_word()], table);
        self.builder.switch_to_block(table.end);
        let slot = self.word_slot();
        let word = self.builder.ins().stack_load(POINTER, I64, slot, 0);
        // How far its number is from the word's lowest bit, or a multiple of 64 more.
        let shift = (self.builder.ins()).ishl_imm_u(selector, i64::from(table.log_bits));
        let word = self.builder.ins().ushr(word, shift);
        let number = self.builder.ins().ireduce(I32, word);
        let mask = (1 << (1_u32 << table.log_bits)) - 1;
        let number = self.builder.ins().band_imm_u(number, mask);
        let (last, others) = table.depths.split_last().expect("the default at least");
        self.branch_by_table(number, others, *last);
    }

    /// Goes to the end of a table with the word in which the selector's number is. The selector is in a range of places.
    fn find_word(&mut self, selector: Value, places: Range<usize>, table: &PackedTable) {
        let numbers = &table.numbers[places.clone()];
        let of_a_word = table.numbers_of_a_word();
        if numbers.iter().all(|number| *number == numbers[0]) {
            return self.go_to_end(&vec![numbers[0]; of_a_word], table);
        }
        if numbers.len() > of_a_word {
            let half = places.start + (numbers.len() / 2).next_multiple_of(of_a_word);
            let after = self.begin_below(selector, half);
            self.find_word(selector, places.start..half, table);
            self.builder.switch_to_block(after);
            return self.find_word(selector, half..places.end, table);
        }
        self.go_to_end(numbers, table);
    }

    fn go_to_end(&mut self, numbers: &[u8], table: &PackedTable) {
        let word = self.builder.ins().iconst(I64, table.word(numbers));
        let slot = self.word_slot();
        self.builder.ins().stack_store(POINTER, word, slot, 0);
        self.builder.ins().jump(table.end, &[]);
    }

    fn word_slot(&mut self) -> StackSlot {
        let data = || StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3);
        let function = &mut self.builder;
        *(self.word_slot).get_or_insert_with(|| function.create_sized_stack_slot(data()))
    }
}
