//! The functions, scopes and variables that a module's DWARF describes.

use crate::module::{Failure, Module, Pc};
use crate::named::Named;
use gimli::constants as dw;
use gimli::{
    AttributeValue as Value, DebuggingInformationEntry, EndianSlice, Expression, LittleEndian,
    SectionId, Unit, UnitOffset,
};
use std::ops::Range;

/// The reader of DWARF.
pub type Slice<'a> = EndianSlice<'a, LittleEndian>;
type Entry<'a> = DebuggingInformationEntry<Slice<'a>>;

/// The location of a variable or a frame.
#[derive(Clone)]
pub enum Location<'a> {
    /// Nothing says it.
    Nowhere,
    /// Wherever its scope is.
    Everywhere(Expression<Slice<'a>>),
    /// By where the program is.
    Parts(Vec<(Range<Pc>, Expression<Slice<'a>>)>),
    /// In these ranges, by an operand that it has where they begin.
    FromOperand(Vec<Range<Pc>>, Expression<Slice<'a>>),
    /// It has this value.
    Constant(Vec<u8>),
}

/// A variable or a parameter.
pub struct Variable<'a> {
    /// Its name.
    pub name: String,
    /// The line of its declaration; 0 where there is none.
    pub line: u64,
    /// Its bytes, where its type says it.
    pub size: Option<u64>,
    /// Its position.
    pub location: Location<'a>,
}

/// A function, an inlined one, or a block.
pub struct Scope<'a> {
    /// The name of a function.
    pub name: Option<String>,
    ranges: Vec<Range<u64>>,
    variables: Vec<Variable<'a>>,
    children: Vec<Scope<'a>>,
}

/// A function with code.
pub struct Function<'a> {
    /// Its number among the units.
    pub unit: usize,
    /// Its frame base.
    pub frame_base: Location<'a>,
    /// The scope in it.
    pub scope: Scope<'a>,
}

/// A module's DWARF.
pub struct Info<'a> {
    /// Its sections.
    pub dwarf: gimli::Dwarf<Slice<'a>>,
    /// Its units.
    pub units: Vec<Unit<Slice<'a>>>,
    /// Functions with code.
    pub functions: Vec<Function<'a>>,
    /// Variables of no function, by their units.
    pub statics: Vec<Vec<Variable<'a>>>,
}

fn text(error: gimli::Error) -> Failure {
    error.to_string()
}

impl<'a> Info<'a> {
    /// Reads a module's DWARF.
    pub fn read(module: &Module<'a>) -> Result<Info<'a>, Failure> {
        let load = |id: SectionId| {
            let bytes = module.custom.get(id.name()).copied().unwrap_or(&[]);
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        };
        let dwarf = gimli::Dwarf::load(load).map_err(text)?;
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next().map_err(text)? {
            units.push(dwarf.unit(header).map_err(text)?);
        }
        let (mut functions, mut statics) = (Vec::new(), Vec::new());
        for (number, unit) in units.iter().enumerate() {
            let reader = Reader {
                dwarf: &dwarf,
                units: &units,
                unit,
            };
            reader.functions(number, &mut functions).map_err(text)?;
            statics.push(reader.statics().map_err(text)?);
        }
        Ok(Info {
            dwarf,
            units,
            functions,
            statics,
        })
    }

    /// The function at an address.
    pub fn function_at(&self, pc: Pc) -> Option<&Function<'a>> {
        self.functions
            .iter()
            .find(|function| function.scope.contains(pc))
    }
}

impl<'a> Scope<'a> {
    fn contains(&self, pc: Pc) -> bool {
        self.ranges
            .iter()
            .any(|range| range.contains(&u64::from(pc)))
    }

    /// The variables that are in scope at an address, the innermost first.
    pub fn variables_at(&self, pc: Pc) -> Vec<&Variable<'a>> {
        let inner = self.children.iter().filter(|child| child.contains(pc));
        let mut found: Vec<_> = inner.flat_map(|child| child.variables_at(pc)).collect();
        found.extend(&self.variables);
        found
    }
}

struct Reader<'r, 'a> {
    dwarf: &'r gimli::Dwarf<Slice<'a>>,
    units: &'r [Unit<Slice<'a>>],
    unit: &'r Unit<Slice<'a>>,
}

impl<'r, 'a> Reader<'r, 'a> {
    fn functions(&self, number: usize, found: &mut Vec<Function<'a>>) -> gimli::Result<()> {
        let mut entries = self.unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            if entry.tag() != dw::DW_TAG_subprogram {
                continue;
            }
            let ranges = self.ranges(entry)?;
            if ranges.is_empty() {
                continue;
            }
            let mut tree = self.unit.entries_tree(Some(entry.offset()))?;
            found.push(Function {
                unit: number,
                frame_base: self.location(entry, dw::DW_AT_frame_base, None)?,
                scope: self.scope(tree.root()?)?,
            });
        }
        Ok(())
    }

    fn statics(&self) -> gimli::Result<Vec<Variable<'a>>> {
        let mut entries = self.unit.entries();
        // Of the function around it, if there is one.
        let (mut function, mut found) = (None, Vec::new());
        while let Some(entry) = entries.next_dfs()? {
            let depth = entry.depth();
            function = function.filter(|outer| *outer < depth);
            match entry.tag() {
                dw::DW_TAG_subprogram => function = function.or(Some(depth)),
                dw::DW_TAG_variable if function.is_none() => {
                    found.extend(self.variable(entry)?);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Not those of code that the linker dropped.
    fn ranges(&self, entry: &Entry<'a>) -> gimli::Result<Vec<Range<u64>>> {
        let mut ranges = self.dwarf.die_ranges(self.unit, entry)?;
        let mut found = Vec::new();
        while let Some(range) = ranges.next()? {
            if range.begin > 0 && range.begin < range.end && range.end < u64::from(u32::MAX - 1) {
                found.push(range.begin..range.end);
            }
        }
        Ok(found)
    }

    fn scope(&self, node: gimli::EntriesTreeNode<'_, '_, Slice<'a>>) -> gimli::Result<Scope<'a>> {
        let entry = node.entry();
        let is_function = entry.tag() != dw::DW_TAG_lexical_block;
        let name = is_function.then(|| self.name(entry)).transpose()?;
        let mut scope = Scope {
            name: name.flatten(),
            ranges: self.ranges(entry)?,
            variables: Vec::new(),
            children: Vec::new(),
        };
        // Those that an inlined function has, and this instance of it nothing to say of.
        let mut silent = self.variables_of_origin(entry)?;
        let mut children = node.children();
        while let Some(child) = children.next()? {
            match child.entry().tag() {
                dw::DW_TAG_variable | dw::DW_TAG_formal_parameter => {
                    let origin = child.entry().attr_value(dw::DW_AT_abstract_origin);
                    silent.retain(|offset| origin != Some(Value::UnitRef(*offset)));
                    scope.variables.extend(self.variable(child.entry())?);
                }
                dw::DW_TAG_lexical_block | dw::DW_TAG_inlined_subroutine => {
                    scope.children.push(self.scope(child)?);
                }
                _ => {}
            }
        }
        for offset in silent {
            let variable = self.variable(&self.unit.entry(offset)?)?;
            scope.variables.extend(variable);
        }
        // An operand that is named for a whole scope is the last one where the scope begins.
        for variable in &mut scope.variables {
            if let Location::Everywhere(expression) = &variable.location
                && operands_of(expression, self.unit.encoding())
                    .next()
                    .is_some()
            {
                let range = |range: &Range<u64>| range.start as Pc..range.end as Pc;
                let ranges = scope.ranges.iter().map(range).collect();
                variable.location = Location::FromOperand(ranges, *expression);
            }
        }
        Ok(scope)
    }

    /// The variables of an abstract instance, but for those in its blocks.
    fn variables_of_origin(&self, entry: &Entry<'a>) -> gimli::Result<Vec<UnitOffset>> {
        let Some(Value::UnitRef(origin)) = entry.attr_value(dw::DW_AT_abstract_origin) else {
            return Ok(Vec::new());
        };
        let mut tree = self.unit.entries_tree(Some(origin))?;
        let mut children = tree.root()?.children();
        let mut found = Vec::new();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            if matches!(
                entry.tag(),
                dw::DW_TAG_variable | dw::DW_TAG_formal_parameter
            ) {
                found.push(entry.offset());
            }
        }
        Ok(found)
    }

    /// The entry that is referred to, and its unit, which may be another one.
    fn entry(
        &self,
        unit: &'r Unit<Slice<'a>>,
        reference: Value<Slice<'a>>,
    ) -> gimli::Result<Option<(&'r Unit<Slice<'a>>, Entry<'a>)>> {
        let (unit, offset) = match reference {
            Value::UnitRef(offset) => (unit, offset),
            Value::DebugInfoRef(offset) => {
                let found = self.units.iter().find_map(|unit| {
                    let within = offset.to_unit_offset(&unit.header)?;
                    Some((unit, within))
                });
                match found {
                    Some(found) => found,
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        Ok(Some((unit, unit.entry(offset)?)))
    }

    /// An entry, and those that it is an instance or a definition of, with their units.
    fn chain(&self, entry: &Entry<'a>) -> gimli::Result<Vec<(&'r Unit<Slice<'a>>, Entry<'a>)>> {
        let mut chain = vec![(self.unit, entry.clone())];
        while let Some((unit, last)) = chain.last()
            && chain.len() < 4
        {
            let origin = last
                .attr_value(dw::DW_AT_abstract_origin)
                .or(last.attr_value(dw::DW_AT_specification));
            let next = origin.map(|origin| self.entry(unit, origin)).transpose()?;
            match next.flatten() {
                Some(next) => chain.push(next),
                None => break,
            }
        }
        Ok(chain)
    }

    fn name(&self, entry: &Entry<'a>) -> gimli::Result<Option<String>> {
        for (unit, entry) in self.chain(entry)? {
            if let Some(name) = entry.attr_value(dw::DW_AT_name) {
                let name = self.dwarf.attr_string(unit, name)?;
                return Ok(Some(name.to_string_lossy().into_owned()));
            }
        }
        Ok(None)
    }

    fn variable(&self, entry: &Entry<'a>) -> gimli::Result<Option<Variable<'a>>> {
        let Some(name) = self.name(entry)? else {
            return Ok(None);
        };
        let mut variable = Variable {
            name,
            line: 0,
            size: None,
            location: Location::Nowhere,
        };
        let chain = self.chain(entry)?;
        for (unit, entry) in &chain {
            let line = entry.attr(dw::DW_AT_decl_line);
            let line = line.and_then(|line| line.udata_value());
            if variable.line == 0 {
                variable.line = line.unwrap_or(0);
            }
            if variable.size.is_none()
                && let Some(ty) = entry.attr_value(dw::DW_AT_type)
            {
                variable.size = self.size(unit, ty, 0)?;
            }
        }
        for (_, entry) in &chain {
            variable.location = self.location(entry, dw::DW_AT_location, variable.size)?;
            if !matches!(variable.location, Location::Nowhere) {
                break;
            }
        }
        Ok(Some(variable))
    }

    fn location(
        &self,
        entry: &Entry<'a>,
        name: gimli::DwAt,
        size: Option<u64>,
    ) -> gimli::Result<Location<'a>> {
        if let Some(value) = entry.attr(dw::DW_AT_const_value)
            && name == dw::DW_AT_location
        {
            let bytes = match value.value() {
                Value::Block(bytes) => bytes.slice().to_vec(),
                Value::Sdata(value) => i128::from(value).to_le_bytes().to_vec(),
                _ => {
                    let number = value.udata_value().unwrap_or(0);
                    u128::from(number).to_le_bytes().to_vec()
                }
            };
            let size = size.map_or(bytes.len(), |size| bytes.len().min(size as usize));
            return Ok(Location::Constant(bytes[..size].to_vec()));
        }
        let Some(value) = entry.attr_value(name) else {
            return Ok(Location::Nowhere);
        };
        if let Value::Exprloc(expression) = value {
            return Ok(match expression.0.is_empty() {
                true => Location::Nowhere,
                false => Location::Everywhere(expression),
            });
        }
        let Some(mut list) = self.dwarf.attr_locations(self.unit, value)? else {
            return Ok(Location::Nowhere);
        };
        let mut parts = Vec::new();
        while let Some(part) = list.next()? {
            let range = part.range.begin as Pc..part.range.end as Pc;
            if !part.data.0.is_empty() {
                parts.push((range, part.data));
            }
        }
        Ok(Location::Parts(parts))
    }

    fn size(
        &self,
        unit: &'r Unit<Slice<'a>>,
        ty: Value<Slice<'a>>,
        depth: usize,
    ) -> gimli::Result<Option<u64>> {
        let Some((unit, entry)) = self.entry(unit, ty)? else {
            return Ok(None);
        };
        let number = |entry: &Entry<'a>, name| entry.attr(name).and_then(|it| it.udata_value());
        if let Some(size) = number(&entry, dw::DW_AT_byte_size) {
            return Ok(Some(size));
        }
        if matches!(
            entry.tag(),
            dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type
        ) {
            return Ok(Some(4));
        }
        if entry.tag() == dw::DW_TAG_ptr_to_member_type {
            let of = entry.attr_value(dw::DW_AT_type);
            let of = of.map(|of| self.entry(unit, of)).transpose()?.flatten();
            let of = of.map(|(_, of)| of.tag());
            // A function's index and what to add to `this`, or a member's offset.
            let is_function = of == Some(dw::DW_TAG_subroutine_type);
            return Ok(Some(if is_function { 8 } else { 4 }));
        }
        let Some(of) = entry.attr_value(dw::DW_AT_type).filter(|_| depth < 50) else {
            return Ok(None);
        };
        let mut size = self.size(unit, of, depth + 1)?;
        if entry.tag() == dw::DW_TAG_array_type {
            let mut tree = unit.entries_tree(Some(entry.offset()))?;
            let mut dimensions = tree.root()?.children();
            while let Some(dimension) = dimensions.next()? {
                let entry = dimension.entry();
                let upper = number(entry, dw::DW_AT_upper_bound).map(|upper| upper + 1);
                let count = number(entry, dw::DW_AT_count).or(upper);
                size = size.zip(count).map(|(size, count)| size * count);
            }
        }
        Ok(size)
    }
}

/// The operands that an expression names.
fn operands_of(
    expression: &Expression<Slice<'_>>,
    encoding: gimli::Encoding,
) -> impl Iterator<Item = u32> {
    let mut operations = expression.operations(encoding);
    std::iter::from_fn(move || operations.next().ok().flatten()).filter_map(|it| match it {
        gimli::Operation::WasmStack { index } => Some(index),
        _ => None,
    })
}

/// The beginning of the first of some ranges.
pub fn beginning(ranges: &[Range<Pc>]) -> Pc {
    ranges.iter().map(|range| range.start).min().unwrap_or(0)
}

/// The operands that locations name.
pub fn operands(info: &Info<'_>) -> Vec<Named> {
    fn each<'s, 'a>(scope: &'s Scope<'a>, encoding: gimli::Encoding, found: &mut Vec<Named>) {
        for variable in &scope.variables {
            let mut name = |range: &Range<Pc>, expression, is_last| {
                let operands = operands_of(expression, encoding);
                found.extend(operands.map(|place| Named {
                    from: range.start,
                    until: range.end,
                    place,
                    is_last,
                }));
            };
            match &variable.location {
                Location::Parts(parts) => {
                    parts.iter().for_each(|(range, it)| name(range, it, false));
                }
                Location::FromOperand(ranges, expression) => {
                    let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
                    name(&(beginning(ranges)..end), expression, true);
                }
                _ => {}
            }
        }
        for child in &scope.children {
            each(child, encoding, found);
        }
    }
    let mut found = Vec::new();
    for function in &info.functions {
        let encoding = info.units[function.unit].encoding();
        each(&function.scope, encoding, &mut found);
    }
    found
}
