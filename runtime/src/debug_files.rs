//! The files that a module's debug info may be in beside the module itself, and the module with all of it.
//!
//! ```text
//! module without debug info ─external_debug_info, or build_id and debuginfod-find→ a module that has it
//!    ─split?→ package given, or beside the module, or .dwo files ─merge→ the module with debug info that is whole
//! ```
//!
//! The result takes the module's place: whoever reads debug info later finds it in there, from an artifact too.

use crate::cache::Cache;
use crate::embedded;
use crate::named_file::{read_chosen, read_debug_info};
use dwalin_debuginfo::container::{self, Container, with_debug_info};
use dwalin_debuginfo::merge::{self, Companions, MergedDwarf, PathMap};
use dwalin_debuginfo::{Warning, WarningKind, WasmDwarf, renumbered, stale, with_function_count};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The places of debug info that is not in the module.
#[derive(Clone, Default, Debug)]
pub struct DebugFiles {
    module: Option<PathBuf>,
    package: Option<Package>,
    paths: PathMap,
    /// True of a module that nobody wrote: its text is not made for debuggers.
    generated: bool,
}

/// A package of split units that was given.
#[derive(Clone, Debug)]
enum Package {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// Debug info that was looked for.
#[derive(Default, Debug)]
pub(crate) struct Completed {
    /// The module with the debug info; `None` where nothing is better than what it has.
    pub module: Option<Vec<u8>>,
    /// A line for each thing that was not found, is of another build or damaged.
    pub messages: Vec<String>,
}

impl Completed {
    /// Returns true if the module has all of its debug info, and there is nothing to be said of it.
    #[cfg(feature = "compile")]
    pub(crate) fn has_all(&self) -> bool {
        self.module.is_none() && self.messages.is_empty()
    }
}

impl DebugFiles {
    /// Nowhere: nothing but the module and what is given is read.
    pub fn new() -> DebugFiles {
        DebugFiles::default()
    }

    /// Nowhere, of a module that nobody wrote, such as an adapter: debuggers are shown its functions' names, and no text.
    #[cfg(feature = "component-model")]
    pub(crate) fn of_generated() -> DebugFiles {
        DebugFiles {
            generated: true,
            ..DebugFiles::default()
        }
    }

    /// Returns true if nobody wrote the module.
    pub(crate) fn is_generated(&self) -> bool {
        self.generated
    }

    /// In files that the module names, by itself or with `debuginfod-find`, and in those beside its own file: packages (`app.wasm.dwp`,
    /// `app.dwp`), `.dwo` files, separate debug info and source maps.
    pub fn beside(module: impl Into<PathBuf>) -> DebugFiles {
        DebugFiles {
            module: Some(module.into()),
            ..DebugFiles::default()
        }
    }

    /// A package in a file.
    pub fn package(&mut self, path: impl Into<PathBuf>) -> &mut DebugFiles {
        self.package = Some(Package::File(path.into()));
        self
    }

    /// A package in memory.
    pub fn package_bytes(&mut self, bytes: impl Into<Vec<u8>>) -> &mut DebugFiles {
        self.package = Some(Package::Bytes(bytes.into()));
        self
    }

    /// A directory where the module was compiled, and the one here with the same sources.
    pub fn map_path(&mut self, from: impl Into<String>, to: impl Into<String>) -> &mut DebugFiles {
        self.paths.0.push((from.into(), to.into()));
        self
    }

    /// Returns true if more is known than the module's place: that is for the artifact to keep.
    #[cfg(feature = "compile")]
    pub(crate) fn is_explicit(&self) -> bool {
        self.package.is_some() || !self.paths.0.is_empty()
    }

    /// The module's file.
    pub(crate) fn module(&self) -> Option<&Path> {
        self.module.as_deref()
    }

    /// Directories that have other names here.
    pub(crate) fn paths(&self) -> &PathMap {
        &self.paths
    }

    fn directory(&self) -> Option<&Path> {
        self.module.as_deref().and_then(Path::parent)
    }

    /// Looks for a module's debug info. `texts` is where sources are put that the debug info holds and that are gone. If the module's own
    /// is known to be sound, that is not checked again.
    pub(crate) fn complete(
        &self,
        wasm: &[u8],
        texts: Option<&Cache<'_>>,
        is_sound: bool,
    ) -> Completed {
        let mut messages = Vec::new();
        let Ok(module) = Container::parse(wasm) else {
            return Completed::default();
        };
        let code = module.code;
        let has_debug_info = module.section(".debug_info").is_some();
        let external = (!has_debug_info)
            .then(|| self.external(&module, &mut messages))
            .flatten();
        let found = match external.as_deref().map(Container::parse) {
            Some(Ok(container)) => container,
            _ => module,
        };
        let dwarf = WasmDwarf::new(found.sections.iter().copied());
        let paths = self.paths_with_embedded(&dwarf, texts, &mut messages);
        let merged = self.merge(&dwarf, &paths, &mut messages);
        if is_sound && has_debug_info && merged.is_none() {
            let module = None;
            return Completed { module, messages };
        }
        let whole = merged.as_ref().map(|merged| {
            let sections = merged.sections.iter();
            WasmDwarf::new(sections.map(|(name, bytes)| (*name, &bytes[..])))
        });
        let bodies = code.map(container::bodies).unwrap_or_default();
        if let Some(stale) = stale(whole.as_ref().unwrap_or(&dwarf), &bodies) {
            let code = code.unwrap_or_default();
            let module = with_function_count(wasm, &dwarf, code, &bodies);
            if module.is_some() {
                return Completed { module, messages };
            }
            messages.push(stale.to_string());
            let module = with_debug_info(wasm, std::iter::empty()).ok();
            return Completed { module, messages };
        }
        let renumbered = code.and_then(|code| {
            let dwarf = whole.as_ref().unwrap_or(&dwarf);
            renumbered(dwarf, code, &bodies)
        });
        messages.extend(renumbered.map(|it| it.to_string()));
        let module = match (&merged, &external) {
            (None, None) => None,
            (Some(merged), _) => {
                let sections = merged.sections.iter();
                with_debug_info(wasm, sections.map(|(name, bytes)| (*name, &bytes[..]))).ok()
            }
            (None, Some(_)) => {
                let sections = found.sections.iter().copied();
                let debug = sections.filter(|(name, _)| name.starts_with(".debug_"));
                with_debug_info(wasm, debug).ok()
            }
        };
        Completed { module, messages }
    }

    /// Directories that have other names, for they were given ones or because their files were made again.
    fn paths_with_embedded(
        &self,
        dwarf: &WasmDwarf<'_>,
        texts: Option<&Cache<'_>>,
        messages: &mut Vec<String>,
    ) -> PathMap {
        let restored = texts.map(|texts| embedded::restore(dwarf, texts, &self.paths));
        let mut pairs = restored.transpose().unwrap_or_else(|error| {
            messages.push(format!(
                "debug info: its sources cannot be made files: {error}"
            ));
            None
        });
        let pairs = pairs.get_or_insert_default();
        let here = std::env::current_dir().unwrap_or_default();
        PathMap([&self.paths.0[..], pairs].concat(), here)
    }

    fn merge(
        &self,
        dwarf: &WasmDwarf<'_>,
        paths: &PathMap,
        messages: &mut Vec<String>,
    ) -> Option<MergedDwarf> {
        let split = merge::is_split(dwarf);
        let package = match &self.package {
            Some(_) if !split => {
                messages.push(
                    "debug info: the package is not used: the module's is not split".to_owned(),
                );
                None
            }
            Some(Package::Bytes(bytes)) => Some(("the package".to_owned(), Cow::from(&bytes[..]))),
            None if !split => None,
            Some(Package::File(path)) => read_package(path, read_chosen(path), messages),
            None => self
                .packages_beside()
                .iter()
                .find(|path| path.exists())
                .and_then(|path| read_package(path, read_debug_info(path), messages)),
        };
        let read = RefCell::default();
        let companions = Companions {
            package: package
                .as_ref()
                .map(|(name, bytes)| (&name[..], &bytes[..])),
            directory: self.directory(),
            read: &|path| self.read(path, &read),
            paths,
        };
        let merged = merge::merge(dwarf, &companions)?;
        let shown = |warning: &&Warning| warning.kind != WarningKind::Lost;
        messages.extend(merged.warnings.iter().filter(shown).map(Warning::to_string));
        Some(merged)
    }

    /// A `.dwo` file that a unit names, each once: names are many, and may all be of one file.
    fn read(&self, path: &Path, read: &RefCell<HashSet<PathBuf>>) -> io::Result<Vec<u8>> {
        if self.module.is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        if !read.borrow_mut().insert(path.canonicalize()?) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        read_debug_info(path)
    }

    /// `app.wasm.dwp`, as llvm-dwp's manual has it, and `app.dwp`, as clang names it.
    fn packages_beside(&self) -> Vec<PathBuf> {
        let Some(module) = &self.module else {
            return Vec::new();
        };
        let mut appended = module.clone().into_os_string();
        appended.push(".dwp");
        vec![appended.into(), module.with_extension("dwp")]
    }

    /// The file with a module's debug info, if the module names it or debuginfod knows it.
    fn external(&self, module: &Container<'_>, messages: &mut Vec<String>) -> Option<Vec<u8>> {
        let directory = self.directory()?;
        let named = module
            .external_debug_info()
            .map(|url| directory.join(url.strip_prefix("file://").unwrap_or(url)));
        let path = match named {
            Some(path) => path,
            None => debuginfod(module.build_id()?)?,
        };
        let bytes = read_debug_info(&path).map_err(|error| error.to_string());
        let checked = bytes.and_then(|bytes| check(module, &bytes).map(|()| bytes));
        checked
            .map_err(|reason| {
                messages.push(format!(
                    "debug info: {}: {reason}; the module has none of its own",
                    path.display()
                ));
            })
            .ok()
    }
}

fn read_package<'b>(
    path: &Path,
    read: io::Result<Vec<u8>>,
    messages: &mut Vec<String>,
) -> Option<(String, Cow<'b, [u8]>)> {
    match read {
        Ok(bytes) => Some((path.display().to_string(), Cow::Owned(bytes))),
        Err(error) => {
            messages.push(format!(
                "debug info: cannot read {}: {error}",
                path.display()
            ));
            None
        }
    }
}

/// Returns true if a file has the debug info of a module: where both have a build identifier or code, those are the same.
fn check(module: &Container<'_>, bytes: &[u8]) -> Result<(), String> {
    let debug = Container::parse(bytes).map_err(|error| error.to_string())?;
    if let (Some(ours), Some(other)) = (module.build_id(), debug.build_id())
        && ours != other
    {
        return Err(format!(
            "of another build: its build identifier is {}, the module's is {}",
            hex(other),
            hex(ours)
        ));
    }
    if let (Some(ours), Some(other)) = (module.code, debug.code)
        && ours != other
    {
        return Err("of another build: its code is not the module's".to_owned());
    }
    match debug.section(".debug_info") {
        Some(_) => Ok(()),
        None => Err("it has no debug info".to_owned()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks debuginfod's client, which caches what it fetches (debuginfod-find(1)); only where servers are configured.
fn debuginfod(build_id: &[u8]) -> Option<PathBuf> {
    std::env::var_os("DEBUGINFOD_URLS").filter(|urls| !urls.is_empty())?;
    let found = Command::new("debuginfod-find")
        .args(["debuginfo", &hex(build_id)])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let path = String::from_utf8(found.stdout).ok()?;
    Some(PathBuf::from(path.trim_end()))
}
