//! Line tables with other paths or more files: their headers anew (DWARF 5, section 6.2.4; DWARF 4, section 6.2.4), their programs as they are.

use crate::source::{ReadUnit, Reader, attr_string};
use crate::windows;
use crate::write::stream::Encoded;
use crate::write::{entry_format, set_length};
use gimli::constants as dw;
use gimli::read::{AttributeValue, FileEntry, LineProgramHeader};
use std::path::{Path, PathBuf};

/// Directories of the machine that compiled, and what they are here; and the directory that those are relative to.
#[derive(Clone, Default, Debug)]
pub struct PathMap(pub Vec<(String, String)>, pub PathBuf);

impl PathMap {
    /// A path here; the last pair given that fits counts.
    pub fn apply(&self, path: &str) -> String {
        self.mapped(path).unwrap_or_else(|| path.to_owned())
    }

    /// A path of a unit that was compiled in a directory: what is relative to one of Windows has that system's separators.
    pub fn apply_in(&self, directory: Option<&str>, path: &str) -> String {
        let windows =
            directory.filter(|it| windows::is_or_may_be_absolute(it) && self.mapped(it).is_some());
        let is_relative = !path.starts_with('/') && !windows::is_absolute(path);
        match windows.is_some() && is_relative {
            true => windows::with_slashes(path).into_owned(),
            false => self.apply(path),
        }
    }

    /// A path of a unit that is not its directory: what is found from where this runs, not from there, is said from the root.
    pub fn apply_within(&self, directory: Option<&str>, path: &str) -> String {
        let mapped = self.apply_in(directory, path);
        let was_absolute = path.starts_with('/') || windows::is_absolute(path);
        let is_absolute = mapped.starts_with('/') || windows::is_absolute(&mapped);
        if !was_absolute || is_absolute {
            return mapped;
        }
        let mapped = mapped.strip_prefix("./").unwrap_or(&mapped);
        self.1.join(mapped).to_string_lossy().into_owned()
    }

    fn mapped(&self, path: &str) -> Option<String> {
        self.0.iter().rev().find_map(|(from, to)| {
            let is_windows = windows::is_or_may_be_absolute(from);
            let (from, path) = match is_windows {
                true => (windows::plain(from), windows::plain(path)),
                false => (from.into(), path.into()),
            };
            let from = from.trim_end_matches('/');
            let (start, rest) = path.split_at_checked(from.len())?;
            // Names of files there have no case.
            let is_same = start == from || is_windows && start.eq_ignore_ascii_case(from);
            (is_same && (rest.is_empty() || rest.starts_with('/')))
                .then(|| format!("{}{rest}", to.trim_end_matches('/')))
        })
    }
}

/// A unit's line table, with more files after its own; `None` where it has none that can be read.
pub fn write<'a>(unit: ReadUnit<'_, 'a>, paths: &PathMap, more: &[PathBuf]) -> Option<Vec<u8>> {
    let header = unit.line_program.as_ref()?.header();
    let mut out = Encoded::default();
    out.word(0);
    out.bytes.extend(header.version().to_le_bytes());
    if header.version() >= 5 {
        // The address size, and that of segment selectors.
        out.bytes.extend([header.address_size(), 0]);
    }
    let length_at = out.bytes.len();
    out.word(0);
    out.bytes.push(header.minimum_instruction_length());
    if header.version() >= 4 {
        out.bytes.push(header.maximum_operations_per_instruction());
    }
    out.bytes.extend([
        u8::from(header.default_is_stmt()),
        header.line_base() as u8,
        header.line_range(),
        header.opcode_base(),
    ]);
    out.bytes.extend(header.standard_opcode_lengths().slice());
    let strings = Strings { unit, paths, more };
    if header.version() >= 5 {
        strings.files(&mut out, header)?;
    } else {
        strings.files_before_5(&mut out, header)?;
    }
    set_length(&mut out.bytes, length_at);
    out.bytes.extend(header.raw_program_buf().slice());
    set_length(&mut out.bytes, 0);
    Some(out.bytes)
}

struct Strings<'p, 's, 'a> {
    unit: ReadUnit<'s, 'a>,
    paths: &'p PathMap,
    more: &'p [PathBuf],
}

impl<'a> Strings<'_, '_, 'a> {
    fn path(&self, out: &mut Encoded, value: AttributeValue<Reader<'a>>) -> Option<()> {
        let text = attr_string(self.unit, value).ok()?;
        let directory = self.unit.comp_dir.map(|it| it.to_string_lossy());
        let path = text.to_string_lossy();
        let directory = directory.as_deref();
        let path = match directory == Some(&*path) {
            true => self.paths.apply(&path),
            false => self.paths.apply_within(directory, &path),
        };
        out.bytes.extend(path.as_bytes());
        out.bytes.push(0);
        Some(())
    }

    /// A path with its directory, and the number of the first directory, which it does not count from.
    fn whole_path(&self, out: &mut Encoded, path: &Path) {
        let path = self.paths.apply(&path.to_string_lossy());
        out.bytes.extend(path.as_bytes());
        out.bytes.extend([0, 0]);
    }

    /// Each a path, the number of its directory, and what else LLVM writes.
    fn files(&self, out: &mut Encoded, header: &LineProgramHeader<Reader<'a>>) -> Option<()> {
        let path = (dw::DW_LNCT_path, dw::DW_FORM_string);
        entry_format(&mut out.bytes, &[path]);
        out.uleb(header.include_directories().len() as u64);
        for directory in header.include_directories() {
            self.path(out, *directory)?;
        }
        let has_md5 = header.file_has_md5();
        let has_source = header.file_has_source();
        let mut format = vec![path, (dw::DW_LNCT_directory_index, dw::DW_FORM_udata)];
        format.extend(has_md5.then_some((dw::DW_LNCT_MD5, dw::DW_FORM_data16)));
        format.extend(has_source.then_some((dw::DW_LNCT_LLVM_source, dw::DW_FORM_string)));
        entry_format(&mut out.bytes, &format);
        out.uleb((header.file_names().len() + self.more.len()) as u64);
        for file in header.file_names() {
            self.path(out, file.path_name())?;
            out.uleb(file.directory_index());
            if has_md5 {
                out.bytes.extend(file.md5());
            }
            if has_source {
                self.source(out, file);
            }
        }
        for path in self.more {
            self.whole_path(out, path);
            if has_md5 {
                out.bytes.extend([0; 16]);
            }
            if has_source {
                out.bytes.push(0);
            }
        }
        Some(())
    }

    fn source(&self, out: &mut Encoded, file: &FileEntry<Reader<'a>>) {
        let text = file
            .source()
            .and_then(|source| attr_string(self.unit, source).ok());
        if let Some(text) = text {
            out.bytes.extend(text.slice());
        }
        out.bytes.push(0);
    }

    fn files_before_5(
        &self,
        out: &mut Encoded,
        header: &LineProgramHeader<Reader<'a>>,
    ) -> Option<()> {
        for directory in header.include_directories() {
            self.path(out, *directory)?;
        }
        out.bytes.push(0);
        for file in header.file_names() {
            self.path(out, file.path_name())?;
            out.uleb(file.directory_index());
            out.uleb(file.timestamp());
            out.uleb(file.size());
        }
        for path in self.more {
            self.whole_path(out, path);
            // Nothing is known of its time and its size.
            out.bytes.extend([0, 0]);
        }
        out.bytes.push(0);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::PathMap;

    #[test]
    fn directories_of_windows_are_mapped_with_their_separators() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let pairs = vec![pair("C:\\proj\\", "/home/me"), pair("/build", "here")];
        let paths = PathMap(pairs, "/home/you".into());
        for (path, right) in [
            ("C:\\proj\\src\\a.c", "/home/me/src/a.c"),
            ("c:/Proj/src\\a.c", "/home/me/src/a.c"),
            ("C:\\proj", "/home/me"),
            ("C:\\project\\a.c", "C:\\project\\a.c"),
            ("/build/a\\b.c", "here/a\\b.c"),
            ("/Build/a.c", "/Build/a.c"),
        ] {
            assert_eq!(paths.apply(path), right);
        }
        let within = |directory, path| paths.apply_in(Some(directory), path);
        assert_eq!(within("C:\\proj", "src\\a.c"), "src/a.c");
        assert_eq!(within("D:\\proj", "src\\a.c"), "src\\a.c");
        assert_eq!(within("/build", "a\\b.c"), "a\\b.c");
        assert_eq!(within("C:\\proj", "C:\\proj\\b.c"), "/home/me/b.c");
        // Its directory is `here`, and so is not what this would be relative to.
        let within = |directory, path| paths.apply_within(Some(directory), path);
        assert_eq!(within("/build", "/build/b.c"), "/home/you/here/b.c");
        assert_eq!(within("/build", "b.c"), "b.c");
        assert_eq!(within("/build", "/other/b.c"), "/other/b.c");
        assert_eq!(within("C:\\proj", "C:\\proj\\b.c"), "/home/me/b.c");
    }
}
