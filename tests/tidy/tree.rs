//! The module tree of a crate, as its files declare it, without modules of tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Item, UseTree};

/// A module's path from the crate's root.
pub type ModulePath = Vec<String>;

/// The entry of a name in a module.
pub enum Definition {
    /// An item of the module itself.
    Item,
    Module(ModulePath),
    /// An import or a re-export of this path.
    Import(Vec<String>),
}

pub struct Module {
    pub file: PathBuf,
    pub names: BTreeMap<String, Definition>,
    /// Paths of imports that end with `*`.
    pub globs: Vec<Vec<String>>,
}

/// A crate's modules and the syntax of its files.
pub struct Tree {
    pub name: String,
    source: PathBuf,
    pub modules: BTreeMap<ModulePath, Module>,
    /// Files outside of tests, with the module that each begins.
    pub files: Vec<(PathBuf, ModulePath, syn::File)>,
}

impl Tree {
    /// Reads a crate from its root file.
    pub fn read(name: &str, root: &Path) -> Tree {
        let mut tree = Tree {
            name: name.to_owned(),
            source: root.parent().unwrap().to_owned(),
            modules: BTreeMap::new(),
            files: Vec::new(),
        };
        tree.read_file(root, &tree.source.clone(), Vec::new());
        tree
    }

    /// The room of a file: the first component of its path in the crate, without its extension.
    pub fn room(&self, file: &Path) -> String {
        let path = file.strip_prefix(&self.source).unwrap();
        let first = Path::new(path.iter().next().unwrap());
        first.file_stem().unwrap().to_string_lossy().into_owned()
    }

    /// Reads a file, whose modules have their files in `folder`.
    fn read_file(&mut self, path: &Path, folder: &Path, module: ModulePath) {
        let syntax = parse(path);
        self.read_module(&syntax.items, path, folder, &module);
        self.files.push((path.to_owned(), module, syntax));
    }

    fn read_module(&mut self, items: &[Item], path: &Path, folder: &Path, module: &ModulePath) {
        let mut found = Module {
            file: path.to_owned(),
            names: BTreeMap::new(),
            globs: Vec::new(),
        };
        for item in items {
            if attributes(item).is_some_and(is_test) {
                continue;
            }
            match item {
                Item::Use(item) => import(&item.tree, &mut Vec::new(), &mut found),
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    let mut inner = module.clone();
                    inner.push(name.clone());
                    match &child.content {
                        Some((_, items)) => {
                            self.read_module(items, path, &folder.join(&name), &inner);
                        }
                        None => {
                            let flat = folder.join(format!("{name}.rs"));
                            let own = folder.join(&name);
                            let file = if flat.exists() {
                                flat
                            } else {
                                own.join("mod.rs")
                            };
                            self.read_file(&file, &own, inner.clone());
                        }
                    }
                    found.names.insert(name, Definition::Module(inner));
                }
                item => {
                    if let Some(name) = item_name(item) {
                        found.names.insert(name, Definition::Item);
                    }
                }
            }
        }
        self.modules.insert(module.clone(), found);
    }
}

pub fn parse(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// Adds the names that an import brings into a module.
fn import(tree: &UseTree, path: &mut Vec<String>, module: &mut Module) {
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            import(&tree.tree, path, module);
            path.pop();
        }
        UseTree::Name(tree) => bind(tree.ident.to_string(), tree.ident.to_string(), path, module),
        UseTree::Rename(tree) => {
            bind(
                tree.ident.to_string(),
                tree.rename.to_string(),
                path,
                module,
            );
        }
        UseTree::Glob(_) => module.globs.push(path.clone()),
        UseTree::Group(group) => {
            for tree in &group.items {
                import(tree, path, module);
            }
        }
    }
}

fn bind(name: String, local: String, path: &[String], module: &mut Module) {
    let mut whole = path.to_vec();
    let own = name == "self";
    if !own {
        whole.push(name);
    }
    let local = if own && local == "self" {
        whole.last().unwrap().clone()
    } else {
        local
    };
    // A name of several namespaces is the module's first.
    let import = Definition::Import(whole);
    module.names.entry(local).or_insert(import);
}

/// Returns true if attributes leave something to tests alone.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| {
        it.path().is_ident("test")
            || it.path().is_ident("cfg")
                && it.parse_args::<syn::Ident>().is_ok_and(|it| it == "test")
    })
}

pub fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => return None,
    })
}

fn item_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        Item::Macro(it) => it.ident.as_ref()?,
        Item::Static(it) => &it.ident,
        Item::Struct(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Union(it) => &it.ident,
        _ => return None,
    };
    Some(name.to_string())
}
