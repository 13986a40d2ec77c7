//! Split DWARF (DWARF 5, section 7.3.2; before that GNU's): which files have the units that a module's skeletons stand for.

use super::sources::{DwoFile, package};
use super::table::PathMap;
use crate::container::Container;
use crate::source::{ReadDwarf, Reader, WarningKind, Warnings};
use gimli::DwoId;
use gimli::read::{DwarfPackage, Unit};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use typed_arena::Arena;

/// The files that the rest of a module's debug info may be in.
pub struct Companions<'a> {
    /// A package of split units, `.dwp`: its name, for messages, and its bytes.
    pub package: Option<(&'a str, &'a [u8])>,
    /// The module's folder: `.dwo` files may have been moved there with it.
    pub directory: Option<&'a Path>,
    /// Reads a `.dwo` file.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// Directories that have other names here than where the module was compiled.
    pub paths: &'a PathMap,
}

/// A unit of a module that names the file with the rest of it: a skeleton.
pub struct Skeleton {
    /// The identifier that both have.
    pub id: DwoId,
    /// The `.dwo` file, as the compiler was told, and the directory it was told in.
    name: String,
    directory: String,
    /// Its place in `.debug_info`.
    offset: usize,
}

impl Skeleton {
    /// Returns the skeleton that a unit is, if it is one: in DWARF 4 an identifier and a file's name make it one.
    pub fn of<'a>(dwarf: &ReadDwarf<'a>, unit: &Unit<Reader<'a>>) -> Option<Skeleton> {
        let name = unit.dwo_name().ok().flatten()?;
        let text = |text: Reader<'a>| text.to_string_lossy().into_owned();
        Some(Skeleton {
            id: unit.dwo_id?,
            name: dwarf.attr_string(unit, name).map_or(String::new(), text),
            directory: unit.comp_dir.map_or(String::new(), text),
            offset: unit.header.offset().0,
        })
    }

    /// The possible paths of its file: as written, and beside the module.
    fn candidates(&self, module: Option<&Path>) -> Vec<PathBuf> {
        let name = Path::new(&self.name);
        let mut found = vec![Path::new(&self.directory).join(name)];
        if let Some(module) = module {
            if name.is_relative() {
                found.push(module.join(name));
            }
            found.extend(name.file_name().map(|name| module.join(name)));
        }
        found.dedup();
        found
    }
}

/// Reads the package.
pub fn open_package<'a>(
    companions: &Companions<'a>,
    warnings: &mut Warnings,
) -> Option<DwarfPackage<Reader<'a>>> {
    let (name, bytes) = companions.package?;
    let opened = Container::parse(bytes)
        .map_err(|error| error.to_string())
        .and_then(|container| match container.section(".debug_cu_index") {
            None => Err("it has no .debug_cu_index, and so is not a package".to_owned()),
            Some(_) => package(&container).map_err(|error| error.to_string()),
        });
    opened
        .map_err(|reason| warnings.other(WarningKind::Missing, format!("{name}: {reason}"), 0, 1))
        .ok()
}

/// Reads the files of those skeletons that are not in `found` already, into an arena: what is merged borrows from them.
pub fn read_files<'f>(
    arena: &'f Arena<DwoFile>,
    skeletons: &[Skeleton],
    found: &HashSet<u64>,
    companions: &Companions<'_>,
) -> Vec<&'f DwoFile> {
    let mut read = HashSet::new();
    let mut files = Vec::new();
    for skeleton in skeletons.iter().filter(|it| !found.contains(&it.id.0)) {
        for path in skeleton.candidates(companions.directory) {
            if !read.insert(path.clone()) {
                break;
            }
            if let Ok(bytes) = (companions.read)(&path) {
                files.push(&*arena.alloc(DwoFile { path, bytes }));
                break;
            }
        }
    }
    files
}

/// Why a skeleton's unit was not found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absence {
    /// There is a package without it.
    OtherPackage,
    /// There is a file with another.
    OtherFile,
    /// There is neither.
    Missing,
}

/// Warns of skeletons without their units, `found`, in these files and the package of this name: one line for each cause, which
/// names the first.
pub fn warn_of_missing(
    skeletons: &[Skeleton],
    found: &HashSet<u64>,
    files: &[&DwoFile],
    package: Option<&str>,
    companions: &Companions<'_>,
    warnings: &mut Warnings,
) {
    let missing: Vec<_> = skeletons
        .iter()
        .filter(|it| !found.contains(&it.id.0))
        .map(|skeleton| {
            let candidates = skeleton.candidates(companions.directory);
            let file = files.iter().find(|file| candidates.contains(&file.path));
            let absence = match (package, file) {
                (Some(_), _) => Absence::OtherPackage,
                (None, Some(_)) => Absence::OtherFile,
                (None, None) => Absence::Missing,
            };
            (skeleton, absence, file)
        })
        .collect();
    for absence in [Absence::OtherPackage, Absence::OtherFile, Absence::Missing] {
        let mut of_kind = missing.iter().filter(|(_, kind, _)| *kind == absence);
        let Some((first, _, file)) = of_kind.next() else {
            continue;
        };
        let unit = format!("{} with the id {:#018x}", first.name, first.id.0);
        let why = match (absence, file) {
            (Absence::OtherFile, Some(file)) => format!(
                "{} is of another build: it has no unit {unit}",
                file.path.display()
            ),
            (Absence::OtherPackage, _) => format!(
                "{} is of another build: it has no unit {unit}",
                package.unwrap_or("the package")
            ),
            _ => format!(
                "there is no {} in {}, and no package",
                first.name, first.directory
            ),
        };
        let what = format!("{why}; only lines are known of its code");
        warnings.other(
            WarningKind::Missing,
            what,
            first.offset,
            1 + of_kind.count(),
        );
    }
}
