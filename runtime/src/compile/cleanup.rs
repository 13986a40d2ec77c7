//! Handlers that handle nothing: the cleanups of destructors and the like, which take any exception and throw it on. A program that nobody
//! saves from an exception ends where that was thrown, as native programs do, if only cleanups are on the way.
//!
//! ```text
//! catch_all … rethrow 0 end                         legacy
//! block exnref … (catch_all_ref 0) … end            exnref
//! local.set x … local.get x throw_ref
//! ```
//! with no branch out of `…`. Whatever else ends them makes them handlers.

use crate::index::*;
use cranelift_codegen::ir::ExceptionTag;
use std::collections::VecDeque;
use wasmparser::{Catch, Operator, OperatorsReader};

/// The tag of cleanups in the code generator's tables. No module has as many tags.
pub(super) fn cleanup_tag() -> ExceptionTag {
    ExceptionTag::from_u32(u32::MAX - 3)
}

/// The clauses of a legacy `try`, which come after its body.
pub(super) struct LegacyTry {
    /// In order; `None` takes all.
    pub tags: Vec<Option<TagIndex>>,
    /// True if the last of them takes all and throws it on.
    pub is_cleanup: bool,
    /// The label that exceptions go on from, instead of clauses.
    pub delegate: Option<u32>,
}

/// The `try`s of both kinds in the rest of a function's body, in the order of the code.
#[derive(Default)]
pub(super) struct Tries {
    /// Legacy ones.
    pub legacy: VecDeque<LegacyTry>,
    /// For each `try_table`, for each of its clauses, whether it only throws on.
    pub tables: VecDeque<Vec<bool>>,
}

/// A structured instruction that is open.
#[derive(Default)]
struct Open {
    /// The number of the legacy `try`.
    legacy: Option<usize>,
    /// The clauses that branch to its end with an exception: numbers of a `try_table` and of a clause.
    clauses: Vec<(usize, usize)>,
}

/// Code that may turn out to be a cleanup.
struct Candidate {
    /// The number of the structured instruction that it is in, which no branch may leave.
    level: usize,
    kind: Kind,
}

enum Kind {
    /// The last clause of a legacy `try`.
    Legacy(usize),
    /// Code after the end of a block: the clauses that lead there, and the local with the exception.
    Table(Vec<(usize, usize)>, Option<u32>),
}

/// The instruction before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Get(u32),
    /// To the structured instruction with a number.
    Rethrow(usize),
    /// The end of a block that candidates begin after.
    End,
    Other,
}

struct Reader {
    tries: Tries,
    open: Vec<Open>,
    candidates: Vec<Candidate>,
    before: Before,
}

impl Tries {
    /// Reads an operator and the code after it, where so many structured instructions are open. One pass: they may be deep in each
    /// other.
    pub fn read(operator: &Operator<'_>, rest: &OperatorsReader<'_>, open: usize) -> Tries {
        let mut rest = rest.clone();
        let mut reader = Reader {
            tries: Tries::default(),
            open: (0..open).map(|_| Open::default()).collect(),
            candidates: Vec::new(),
            before: Before::Other,
        };
        reader.operator(operator);
        while !rest.eof()
            && let Ok(operator) = rest.read()
        {
            reader.operator(&operator);
        }
        reader.tries
    }
}

impl Reader {
    fn operator(&mut self, operator: &Operator<'_>) {
        if self.before == Before::End {
            self.begin_behind_end(operator);
        }
        let mut before = Before::Other;
        match operator {
            Operator::Try { .. } => {
                let number = self.tries.legacy.len();
                self.tries.legacy.push_back(LegacyTry {
                    tags: Vec::new(),
                    is_cleanup: false,
                    delegate: None,
                });
                self.open.push(Open {
                    legacy: Some(number),
                    clauses: Vec::new(),
                });
            }
            Operator::TryTable { try_table } => self.try_table(&try_table.catches),
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.open.push(Open::default());
            }
            Operator::Catch { tag_index } => self.clause(Some(TagIndex::from_u32(*tag_index))),
            Operator::CatchAll => self.clause(None),
            Operator::Delegate { relative_depth } => {
                if let Some(Some(number)) = self.open.pop().map(|open| open.legacy) {
                    self.tries.legacy[number].delegate = Some(*relative_depth);
                }
            }
            Operator::End => before = self.end(),
            Operator::LocalGet { local_index } => before = Before::Get(*local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.set(*local_index);
            }
            Operator::Rethrow { relative_depth } => {
                before = self.index(*relative_depth).map_or(before, Before::Rethrow);
            }
            Operator::ThrowRef => self.throw_ref(),
            operator => self.branch(operator),
        }
        self.before = before;
    }

    fn index(&self, depth: u32) -> Option<usize> {
        self.open.len().checked_sub(1 + depth as usize)
    }

    fn try_table(&mut self, catches: &[Catch]) {
        let number = self.tries.tables.len();
        for (clause, catch) in catches.iter().enumerate() {
            if let Catch::AllRef { label } = catch
                && let Some(target) = self.index(*label)
            {
                self.open[target].clauses.push((number, clause));
            }
        }
        self.tries.tables.push_back(vec![false; catches.len()]);
        self.open.push(Open::default());
    }

    fn clause(&mut self, tag: Option<TagIndex>) {
        let level = self.open.len().saturating_sub(1);
        if let Some(number) = self.open.last().and_then(|open| open.legacy) {
            self.tries.legacy[number].tags.push(tag);
            if tag.is_none() {
                let kind = Kind::Legacy(number);
                self.candidates.push(Candidate { level, kind });
            }
        }
    }

    /// A structured instruction ends, and with it what may have been a cleanup in it.
    fn end(&mut self) -> Before {
        let Some(ended) = self.open.pop() else {
            return Before::Other;
        };
        let level = self.open.len();
        while let Some(last) = self.candidates.pop_if(|last| last.level >= level) {
            if let Kind::Legacy(number) = last.kind {
                self.tries.legacy[number].is_cleanup = self.before == Before::Rethrow(level);
            }
        }
        match (ended.clauses.is_empty(), level.checked_sub(1)) {
            (false, Some(level)) => {
                let kind = Kind::Table(ended.clauses, None);
                self.candidates.push(Candidate { level, kind });
                Before::End
            }
            _ => Before::Other,
        }
    }

    /// The first instruction of what may be a cleanup puts the exception into a local.
    fn begin_behind_end(&mut self, operator: &Operator<'_>) {
        let Some(Candidate {
            kind: Kind::Table(_, local),
            ..
        }) = self.candidates.last_mut()
        else {
            return;
        };
        match operator {
            Operator::LocalSet { local_index } => *local = Some(*local_index),
            _ => _ = self.candidates.pop(),
        }
    }

    /// A local is written: the exception is no longer there.
    fn set(&mut self, written: u32) {
        if self.before == Before::End {
            return;
        }
        self.candidates
            .retain(|it| !matches!(it.kind, Kind::Table(_, Some(local)) if local == written));
    }

    fn throw_ref(&mut self) {
        let Before::Get(thrown) = self.before else {
            return;
        };
        let level = self.open.len().saturating_sub(1);
        let is_it = |it: &Candidate| {
            it.level == level && matches!(it.kind, Kind::Table(_, Some(local)) if local == thrown)
        };
        if let Some(found) = self.candidates.iter().rposition(is_it)
            && let Kind::Table(clauses, _) = &self.candidates[found].kind
        {
            for (table, clause) in clauses {
                self.tries.tables[*table][*clause] = true;
            }
            self.candidates.truncate(found);
        }
    }

    /// A branch out of what may be a cleanup: it is none.
    fn branch(&mut self, operator: &Operator<'_>) {
        let target = match operator {
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                self.index(*relative_depth)
            }
            Operator::BrTable { targets } => {
                let depths = targets.targets().map_while(Result::ok);
                let farthest = depths.chain([targets.default()]).max();
                farthest.and_then(|depth| self.index(depth))
            }
            Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. } => None,
            _ => return,
        };
        let target = target.unwrap_or(0);
        while self
            .candidates
            .pop_if(|last| last.level >= target)
            .is_some()
        {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Parser, Payload};

    /// The clauses of each `try`, legacy ones first: true for cleanups.
    fn cleanups(body: &str) -> Vec<bool> {
        let text = format!("(module (tag $t) (func $f (local exnref exnref) {body}))");
        let wasm = wat::parse_str(text).unwrap();
        let mut payloads = Parser::new(0).parse_all(&wasm).map(Result::unwrap);
        let body = payloads.find_map(|payload| match payload {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        let operators = body.unwrap().get_operators_reader().unwrap();
        let tries = Tries::read(&Operator::Nop, &operators, 1);
        let legacy = tries.legacy.iter().map(|it| it.is_cleanup);
        legacy.chain(tries.tables.into_iter().flatten()).collect()
    }

    #[test]
    fn a_legacy_clause_that_only_throws_on_is_a_cleanup() {
        let clause = |code: &str| cleanups(&format!("try call $f catch_all {code} end"));
        assert_eq!(clause("call $f rethrow 0"), [true]);
        let with_a_branch = "block i32.const 0 br_if 0 call $f end rethrow 0";
        assert_eq!(clause(with_a_branch), [true]);
        for handles in [
            "call $f",
            "i32.const 0 br_if 0 rethrow 0",
            "i32.const 0 br_if 1 rethrow 0",
            "i32.const 0 if return end rethrow 0",
            "block i32.const 0 br_if 0 rethrow 1 end",
            "unreachable",
        ] {
            assert_eq!(clause(handles), [false], "{handles}");
        }
        let nested = "try try call $f catch_all rethrow 0 end catch_all call $f end";
        assert_eq!(cleanups(nested), [false, true]);
        let within = "try call $f catch_all try call $f catch_all rethrow 1 end rethrow 0 end";
        assert_eq!(cleanups(within), [true, false]);
        assert_eq!(cleanups("try call $f catch $t rethrow 0 end"), [false]);
    }

    #[test]
    fn code_that_throws_the_reference_on_is_a_cleanup() {
        let behind = |code: &str| {
            cleanups(&format!(
                "block block (result exnref) try_table (catch_all_ref 0) call $f end br 1 end {code} end"
            ))
        };
        assert_eq!(behind("local.set 0 call $f local.get 0 throw_ref"), [true]);
        let with_a_block =
            "local.set 0 block i32.const 0 br_if 0 call $f end local.get 0 throw_ref";
        assert_eq!(behind(with_a_block), [true]);
        for handles in [
            "local.set 0 call $f",
            "drop local.get 0 throw_ref",
            "local.set 0 local.get 1 throw_ref",
            "local.set 0 local.get 1 local.set 0 local.get 0 throw_ref",
            "local.set 0 i32.const 0 br_if 0 local.get 0 throw_ref",
            "local.set 0 block local.get 0 throw_ref end",
        ] {
            assert_eq!(behind(handles), [false], "{handles}");
        }
    }
}
