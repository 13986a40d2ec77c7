//! Variables by name: of the innermost function first, then those that are there all the time, then of the functions further out.

use super::super::evaluate::{self, Context, Location};
use super::super::found::{NotFound, Ty};
use super::super::named::{self, Named};
use super::super::scope::{Declared, Reader, frames};
use super::value::{Finder, Held, Result, Value};
use crate::units::Place;
use crate::units::functions::Function;
use gimli::constants as dw;
use gimli::read::AttributeValue;
use std::sync::Arc;

/// A frame's function, and the variables of it and of what is inlined in it, innermost first.
struct Described {
    function: Arc<Function>,
    levels: Vec<Level>,
}

struct Level {
    /// The names of the function: its own, and the one that says where it is.
    names: Vec<String>,
    variables: Vec<Declared>,
}

impl Finder<'_, '_> {
    pub(super) fn variable(&mut self, path: &[String]) -> Result<Value> {
        let (name, function) = match path {
            [name] => (name, None),
            [function @ .., name] => (name, Some(function.join("::"))),
            [] => return Err(NotFound::NoPlace),
        };
        let described = (0..self.frames.len()).filter_map(|at| Some((at, self.described(at)?)));
        let described: Vec<_> = described.collect();
        self.unit = described.first().map(|(_, it)| it.function.place.unit);
        let mut outer = Vec::new();
        for (nth, (frame, it)) in described.iter().enumerate() {
            for (level, of) in it.levels.iter().enumerate() {
                if let Some(function) = &function
                    && !of.names.iter().any(|it| is_called(it, function))
                {
                    continue;
                }
                let named = |it: &&Declared| {
                    let found = self.units.name(it.place());
                    found.as_deref() == Some(name)
                };
                // The innermost block is the last.
                if let Some(found) = of.variables.iter().rev().find(named) {
                    outer.push((nth, *frame, level, *found));
                }
            }
        }
        let is_first = |(nth, ..): &&(usize, usize, usize, Declared)| *nth == 0;
        let chosen = match (outer.first(), function.is_some()) {
            (Some(found), true) => Some(found),
            (first, _) => first.filter(is_first),
        };
        let chosen = match chosen {
            Some(found) => Some(found),
            None => match self.global(path) {
                Err(NotFound::NoVariable(_)) => outer.first(),
                found => return found,
            },
        };
        let Some((nth, frame, level, declared)) = chosen else {
            return Err(NotFound::NoVariable(path.join("::")));
        };
        self.of = Some((*frame, *level));
        self.local(&described[*nth].1, *frame, *declared, &path.join("::"))
    }

    /// The function of a frame; `None` where the debug info has none.
    fn described(&self, frame: usize) -> Option<Described> {
        let pc = self.frames[frame].pc;
        let mut units = self.units.at(pc);
        let function = units.find_map(|unit| self.units.function(unit, pc))?;
        let scopes = function.scopes_at(pc).into_iter().enumerate();
        let scopes = scopes.filter(|(i, scope)| *i == 0 || scope.inlined.is_some());
        let names = scopes.map(|(_, scope)| {
            let own = self.units.name(scope.place);
            let whole = scope.name(|place| self.units.linkage_name(place));
            own.into_iter().chain(whole.map(str::to_owned)).collect()
        });
        let levels = names.zip(frames(&function, pc));
        let mut levels: Vec<_> = levels
            .map(|(names, variables)| Level { names, variables })
            .collect();
        levels.reverse();
        Some(Described { function, levels })
    }

    fn local(&self, of: &Described, frame: usize, declared: Declared, name: &str) -> Result<Value> {
        let at = &self.frames[frame];
        let reader = Reader::new(self.units, &of.function, at.machine, at.pc);
        let located = reader.location(declared);
        let unavailable = |reason| NotFound::Unavailable(name.to_owned(), reason);
        let (location, _) = located.map_err(unavailable)?;
        self.typed(declared.place(), location, name)
    }

    fn typed(&self, place: Place, location: Location, name: &str) -> Result<Value> {
        let ty = self.units.ty(place);
        let ty = ty.ok_or_else(|| NotFound::NoVariable(name.to_owned()))?;
        Ok(Value {
            ty: Ty::Entry(ty),
            held: match location {
                Location::Memory(at) => Held::Memory(at),
                Location::Bytes(bytes) => Held::Bytes(bytes, Some(name.to_owned())),
            },
        })
    }

    /// A variable that is there all the time.
    fn global(&self, path: &[String]) -> Result<Value> {
        let name = path.join("::");
        let located = named::variables(self.units, path).into_iter();
        let mut located: Vec<(Named, Location)> = located
            .filter_map(|named| {
                let location = self.fixed(named.place)?;
                Some((named, location))
            })
            .collect();
        // As in C: the file's own, if the program stopped in one.
        if located
            .iter()
            .any(|(it, _)| Some(it.place.unit) == self.unit)
        {
            located.retain(|(it, _)| Some(it.place.unit) == self.unit);
        }
        located.dedup_by(|(_, a), (_, b)| a == b);
        match &located[..] {
            [] => Err(NotFound::NoVariable(name)),
            [(named, location)] => self.typed(named.place, location.clone(), &name),
            several => {
                let place = |(named, _): &(Named, Location)| match named.path.len() {
                    1 => named.unit.clone(),
                    _ => named.path.join("::"),
                };
                Err(NotFound::Several(name, several.iter().map(place).collect()))
            }
        }
    }

    /// The location of a variable without a frame.
    fn fixed(&self, variable: Place) -> Option<Location> {
        let (unit, attr) = self.units.attr(variable, dw::DW_AT_location)?;
        let AttributeValue::Exprloc(expression) = attr.value() else {
            return None;
        };
        let ops = crate::expr::decode::decode(expression, self.units.get(unit)?).ok()?;
        let context = Context {
            machine: self.renderer.machine,
            frame_base: None,
            addresses: self.units.address_size(unit),
            from: None,
        };
        // The linker takes what nobody uses out, and leaves a variable of address 0 or -1 behind.
        let is_there = |it: &Location| match it {
            Location::Memory(at) => *at != 0 && self.renderer.machine.memory(*at, 1).is_some(),
            Location::Bytes(_) => true,
        };
        evaluate::evaluate(&ops, context).filter(is_there)
    }
}

/// Returns true if a function is called so: by its own name, or by that with some of what it is in.
fn is_called(name: &str, asked: &str) -> bool {
    let name = name.split('(').next().unwrap_or(name);
    name == asked
        || name
            .strip_suffix(asked)
            .is_some_and(|before| before.ends_with("::"))
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn functions_are_called_by_the_end_of_their_names() {
        assert!(is_called("main", "main"));
        assert!(is_called("app::list::push", "list::push"));
        assert!(is_called("ns::f(int, char)", "f"));
        assert!(!is_called("ns::elf(int)", "f"));
    }
}
