//! The source map that a module names: found, read, and its sources found too.

use crate::cache::Cache;
use crate::named_file::{SOURCE_MAP, read_at_most};
use dwalin_debuginfo::address::{CodeSection, WasmPc};
use dwalin_debuginfo::container::Container;
use dwalin_debuginfo::merge::PathMap;
use dwalin_debuginfo::outline::Row;
use dwalin_debuginfo::source_map::{Source, SourceMap, data_of_url};
use dwalin_debuginfo::windows;
use std::borrow::Cow;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// The custom section that names a source map (WebAssembly tool conventions, "Debugging").
const SECTION: &str = "sourceMappingURL";
/// The number of parent folders searched for a source whose root is nowhere: a map is mostly in a project's `build`.
const PARENTS: usize = 4;

/// The contents of a module's source map.
pub struct Mapped {
    /// The folder of the map.
    pub directory: String,
    /// Paths, absolute or from the folder.
    pub files: Vec<String>,
    /// Sorted.
    pub rows: Vec<Row>,
    /// The source's names of functions.
    pub names: Names,
}

/// The mappings by address, with the names that the source has for what is there.
#[derive(Default)]
pub struct Names(Vec<(WasmPc, Option<String>)>);

impl Names {
    /// A function's name: that of the first mapping of its code.
    pub fn of(&self, body: &Range<WasmPc>) -> Option<String> {
        let first = self.0.partition_point(|(pc, _)| *pc < body.start);
        let (_, name) = self.0.get(first).filter(|(pc, _)| *pc < body.end)?;
        name.clone()
    }
}

/// Reads the source map that a module names; `None` where it names none.
///
/// # Errors
/// Where it cannot be found, or read: which, and why.
pub fn find(
    wasm: &[u8],
    code: &CodeSection,
    module: Option<&Path>,
    paths: &PathMap,
    store: Option<&Cache<'_>>,
) -> Option<Result<Mapped, String>> {
    let url = url(wasm)?;
    let folder = module.and_then(Path::parent).unwrap_or(Path::new(""));
    let folder = std::path::absolute(folder.join(".")).unwrap_or_else(|_| folder.to_owned());
    let (name, folder, bytes) = match data_of_url(url) {
        Some(data) => {
            let data = data.map_err(|error| error.to_string());
            ("the module's URL".to_owned(), folder, data)
        }
        None if module.is_none() => return None,
        None => {
            let path = match here(url, &folder) {
                Ok(path) => path,
                Err(reason) => return Some(Err(reason)),
            };
            let bytes = read_at_most(&path, SOURCE_MAP).map_err(|error| error.to_string());
            let folder = path.parent().map_or(folder, Path::to_owned);
            (path.display().to_string(), folder, bytes)
        }
    };
    let mapped = bytes.and_then(|bytes| {
        let map = SourceMap::parse(&bytes).map_err(|error| error.to_string())?;
        Ok(Mapped {
            directory: folder.to_string_lossy().into_owned(),
            files: files(&map, &folder, paths, store),
            rows: rows(&map, code),
            names: names(&map, code),
        })
    });
    Some(mapped.map_err(|reason| format!("source map {name}: {reason}")))
}

/// The file that a URL names. One of a server's is not fetched: the file of its name is taken from beside the module, where compilers
/// write it.
fn here(url: &str, folder: &Path) -> Result<PathBuf, String> {
    let is_fetched = url.contains("://") && !url.starts_with("file://");
    let named = folder.join(&*file_path(url));
    if !is_fetched && named.is_file() {
        return Ok(named);
    }
    let without_query = url.split(['?', '#']).next().unwrap_or(url);
    let path = decoded(without_query);
    let name = path.rsplit('/').next().filter(|name| !name.is_empty());
    let beside = name.map(|name| folder.join(name));
    match beside.filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None if is_fetched => Err(format!(
            "the source map at {url} is not fetched: put it beside the module"
        )),
        None => Ok(named),
    }
}

/// The path in a URL of a file, or what is a path already.
fn file_path(url: &str) -> Cow<'_, str> {
    let Some(path) = url.strip_prefix("file://") else {
        return url.into();
    };
    let path = decoded(path);
    // A drive is behind a slash there (RFC 8089, appendix E.2).
    match path.strip_prefix('/').filter(|it| windows::is_absolute(it)) {
        Some(drive) => drive.to_owned().into(),
        None => path.into(),
    }
}

/// A URL's text with the bytes that it encodes (RFC 3986, section 2.1).
fn decoded(url: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = url.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *byte == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let encoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(encoded.unwrap_or(*byte));
        rest = if encoded.is_some() {
            &behind[2..]
        } else {
            behind
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| url.to_owned())
}

/// A name: its length and as many bytes.
fn url(wasm: &[u8]) -> Option<&str> {
    let container = Container::parse(wasm).ok()?;
    let section = container.section(SECTION)?;
    let mut reader = wasmparser::BinaryReader::new(section, 0);
    reader.read_string().ok()
}

/// Returns the path of each source: the map's, or that of the text that the map holds.
fn files(
    map: &SourceMap,
    folder: &Path,
    paths: &PathMap,
    store: Option<&Cache<'_>>,
) -> Vec<String> {
    let contents = map.sources.iter().filter_map(|it| it.content.as_deref());
    let contents: Vec<_> = contents.map(str::as_bytes).collect();
    let place = store.map(|store| (store, store.place(&contents)));
    let file = |source: &Source| {
        let name = normal(Path::new(&*file_path(&source.name)));
        let here = paths.apply(&folder.join(&name).to_string_lossy());
        let named = name.to_string_lossy().into_owned();
        let mapped = match paths.apply(&named) {
            mapped if mapped == named => mapped,
            // It was given as seen from here, and not from the map.
            mapped => std::path::absolute(&mapped)
                .map_or(mapped, |path| path.to_string_lossy().into_owned()),
        };
        let found = [mapped, here]
            .into_iter()
            .find(|path| Path::new(path).is_absolute() && Path::new(path).is_file());
        let kept = || {
            let (store, place) = place.as_ref()?;
            let content = source.content.as_deref()?;
            let kept = store.put(place, &relative(&source.name), content.as_bytes());
            Some(kept.ok()?.to_string_lossy().into_owned())
        };
        found
            .or_else(|| behind_root(source, folder, paths))
            .or_else(kept)
            .unwrap_or_else(|| name.to_string_lossy().into_owned())
    };
    map.sources.iter().map(file).collect()
}

/// A source by its name without `sourceRoot`, from the map's folder or one that this is in. AssemblyScript's compiler names sources from
/// where it was called, and a root that is nowhere: the name of its output. Only with the text that the map has, so that lines are those
/// that code was made of.
fn behind_root(source: &Source, folder: &Path, paths: &PathMap) -> Option<String> {
    let name = Path::new(&source.bare_name);
    let content = source.content.as_deref()?;
    if source.bare_name == source.name || name.is_absolute() || content.is_empty() {
        return None;
    }
    let has_text = |path: &PathBuf| {
        let text = read_at_most(path, content.len() as u64);
        text.is_ok_and(|text| text == content.as_bytes())
    };
    let folders = folder.ancestors().take(PARENTS);
    let paths = folders
        .map(|folder| PathBuf::from(paths.apply(&normal(&folder.join(name)).to_string_lossy())));
    let found = paths.into_iter().find(has_text)?;
    Some(found.to_string_lossy().into_owned())
}

/// Without `.`, which debuggers would show.
fn normal(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .collect()
}

fn rows(map: &SourceMap, code: &CodeSection) -> Vec<Row> {
    let row = |mapping: &dwalin_debuginfo::source_map::Mapping| {
        let pc = code.pc(mapping.offset as usize)?;
        let (file, line, column) = mapping
            .place
            .map_or((0, 0, 0), |it| (it.source, it.line, it.column));
        Some(Row {
            pc,
            file,
            line,
            column,
        })
    };
    map.mappings.iter().filter_map(row).collect()
}

fn names(map: &SourceMap, code: &CodeSection) -> Names {
    let named = |mapping: &dwalin_debuginfo::source_map::Mapping| {
        let pc = code.pc(mapping.offset as usize)?;
        let name = mapping.name.and_then(|name| map.names.get(name as usize));
        let name = name.filter(|name| !name.is_empty()).cloned();
        Some((pc, name))
    };
    match map.names.is_empty() {
        true => Names::default(),
        false => Names(map.mappings.iter().filter_map(named).collect()),
    }
}

/// A name that somebody else gave, as a path that stays where it is put: `../a/b.ts` is `a/b.ts`.
fn relative(name: &str) -> PathBuf {
    let without_scheme = name.split_once("://").map_or(name, |(_, rest)| rest);
    let parts = Path::new(without_scheme).components();
    let path: PathBuf = parts
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect();
    match path.as_os_str().is_empty() {
        true => PathBuf::from("source"),
        false => path,
    }
}
