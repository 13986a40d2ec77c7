//! The files that a file refers to: each path is followed through imports and re-exports to the file that defines what it names.

use crate::tree::{Definition, ModulePath, Tree, attributes, is_test};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use syn::visit::{self, Visit};

/// Files, with those that they refer to.
pub type Graph = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// The references between a crate's files.
pub fn graph(tree: &Tree) -> Graph {
    let mut graph = Graph::new();
    for (file, module, syntax) in &tree.files {
        let mut paths = Paths {
            tree,
            module: module.clone(),
            found: BTreeSet::new(),
        };
        paths.visit_file(syntax);
        paths.found.remove(file);
        graph.insert(file.clone(), paths.found);
    }
    graph
}

/// Sets of files of which each leads to each other.
pub fn circles(graph: &Graph) -> Vec<BTreeSet<PathBuf>> {
    let reachable: BTreeMap<_, _> = graph
        .keys()
        .map(|file| (file, reach(graph, file)))
        .collect();
    let mut circles: Vec<BTreeSet<PathBuf>> = Vec::new();
    for (file, all) in &reachable {
        let is_new = all.contains(*file) && !circles.iter().any(|circle| circle.contains(*file));
        if is_new {
            let back = all.iter().filter(|other| reachable[other].contains(*file));
            circles.push(back.cloned().collect());
        }
    }
    circles
}

/// Files that a file leads to.
fn reach(graph: &Graph, from: &PathBuf) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        open.extend(
            graph[file]
                .iter()
                .filter(|next| found.insert((*next).clone())),
        );
    }
    found
}

/// The paths of a file, as they are met.
struct Paths<'t> {
    tree: &'t Tree,
    module: ModulePath,
    found: BTreeSet<PathBuf>,
}

impl Paths<'_> {
    fn add(&mut self, segments: &[String]) {
        self.found
            .extend(resolve(self.tree, &self.module, segments, 0));
    }

    /// Paths in the arguments of a macro, which have no syntax of their own.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(it) if it.as_char() == ':' => colons += 1,
                TokenTree::Ident(it) if colons == 2 => {
                    path.push(it.to_string());
                    colons = 0;
                }
                other => {
                    self.add_qualified(&path);
                    colons = 0;
                    path.clear();
                    match other {
                        TokenTree::Ident(it) => path.push(it.to_string()),
                        TokenTree::Group(it) => self.add_tokens(it.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.add_qualified(&path);
    }

    /// A path of several segments; one alone has an import of its own, or is of the file.
    fn add_qualified(&mut self, path: &[String]) {
        if path.len() > 1 {
            self.add(path);
        }
    }

    fn add_import(&mut self, tree: &syn::UseTree, path: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.add_import(&tree.tree, path);
                path.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_import(tree, path);
                }
            }
            syn::UseTree::Glob(_) => self.add(path),
            syn::UseTree::Name(syn::UseName { ident, .. })
            | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                let is_self = ident == "self";
                if !is_self {
                    path.push(ident.to_string());
                }
                self.add(path);
                if !is_self {
                    path.pop();
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).is_some_and(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // A re-export is followed where it is used: it depends on nothing by itself.
        if matches!(item.vis, syn::Visibility::Inherited) {
            self.add_import(&item.tree, &mut Vec::new());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        self.add_qualified(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.add_tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

/// The file that defines what a path names in a module, where it is one of the crate.
fn resolve(tree: &Tree, from: &[String], path: &[String], depth: usize) -> Option<PathBuf> {
    // An import of another crate is one of its own name.
    if depth > 16 {
        return None;
    }
    let mut module = from.to_vec();
    let mut rest = path;
    while let Some(first) = rest.first() {
        match first.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => {
                module.pop()?;
            }
            _ => break,
        }
        rest = &rest[1..];
    }
    while let Some((name, after)) = rest.split_first() {
        let found = tree.modules.get(&module)?;
        match found.names.get(name) {
            Some(Definition::Module(inner)) => module = inner.clone(),
            Some(Definition::Item) => return Some(found.file.clone()),
            Some(Definition::Import(import)) => {
                return resolve(tree, &module, &[import, after].concat(), depth + 1);
            }
            None => {
                let mut globs = found.globs.iter();
                return globs
                    .find_map(|glob| resolve(tree, &module, &[glob, rest].concat(), depth + 1));
            }
        }
        rest = after;
    }
    Some(tree.modules.get(&module)?.file.clone())
}
