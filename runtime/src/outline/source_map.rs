//! The source map that a module names: found, read, and its sources found too.

use crate::cache::Cache;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::container::Container;
use dwalin_debuginfo::merge::PathMap;
use dwalin_debuginfo::outline::Row;
use dwalin_debuginfo::source_map::{Source, SourceMap, data_of_url};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The custom section that names a source map (WebAssembly tool conventions, "Debugging").
const SECTION: &str = "sourceMappingURL";
/// How many folders are looked in for a source whose root is nowhere: a map is mostly in a project's `build`.
const PARENTS: usize = 4;

/// What a module's source map says.
pub struct Mapped {
    /// The folder of the map.
    pub directory: String,
    /// Paths, absolute or from the folder.
    pub files: Vec<String>,
    /// Sorted.
    pub rows: Vec<Row>,
}

/// Reads the source map that a module names; `None` where it names none.
///
/// # Errors
/// Where it cannot be found, or read: which, and why.
pub fn find(
    wasm: &[u8],
    code_section: usize,
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
        None if url.contains("://") && !url.starts_with("file://") => {
            return Some(Err(format!(
                "the source map at {url} is not fetched: put it beside the module, and name it there"
            )));
        }
        None => {
            let path = folder.join(url.strip_prefix("file://").unwrap_or(url));
            let bytes = fs::read(&path).map_err(|error| error.to_string());
            let folder = path.parent().map_or(folder, Path::to_owned);
            (path.display().to_string(), folder, bytes)
        }
    };
    let mapped = bytes.and_then(|bytes| {
        let map = SourceMap::parse(&bytes).map_err(|error| error.to_string())?;
        Ok(Mapped {
            directory: folder.to_string_lossy().into_owned(),
            files: files(&map, &folder, paths, store),
            rows: rows(&map, code_section),
        })
    });
    Some(mapped.map_err(|reason| format!("source map {name}: {reason}")))
}

/// A name: its length and as many bytes.
fn url(wasm: &[u8]) -> Option<&str> {
    let container = Container::parse(wasm).ok()?;
    let section = container.section(SECTION)?;
    let mut reader = wasmparser::BinaryReader::new(section, 0);
    reader.read_string().ok()
}

/// Where each source is: where the map says, or what the map holds of it.
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
        let name = source.name.strip_prefix("file://").unwrap_or(&source.name);
        let name = normal(Path::new(name));
        let here = paths.apply(&folder.join(&name).to_string_lossy());
        let mapped = paths.apply(&name.to_string_lossy());
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
        let same_length =
            fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() == content.len() as u64);
        same_length && fs::read(path).is_ok_and(|text| text == content.as_bytes())
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

fn rows(map: &SourceMap, code_section: usize) -> Vec<Row> {
    let row = |mapping: &dwalin_debuginfo::source_map::Mapping| {
        let pc = (mapping.offset as usize).checked_sub(code_section)?;
        let (file, line, column) = mapping
            .place
            .map_or((0, 0, 0), |it| (it.source, it.line, it.column));
        Some(Row {
            pc: WasmPc(pc as u32),
            file,
            line,
            column,
        })
    };
    map.mappings.iter().filter_map(row).collect()
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
