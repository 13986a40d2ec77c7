//! Lengths of functions, their arguments, and the beginnings of doc comments, by file.

use crate::tree::is_test;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, FnArg, Lit, Meta, Type};

/// First words of doc comments that describe nothing: what is said begins with a noun phrase or a verb.
const QUESTIONS: [&str; 4] = ["What", "Whether", "Where", "How"];

pub struct Function {
    pub name: String,
    pub lines: usize,
    /// True if an argument is a tuple.
    pub takes_tuple: bool,
    pub is_test: bool,
}

/// The figures of one file.
pub struct Source {
    pub path: PathBuf,
    pub lines: usize,
    pub functions: Vec<Function>,
    /// Doc comments, and how those begin that begin with a question.
    pub docs: usize,
    pub questions: Vec<String>,
    pub has_module_doc: bool,
    in_tests: usize,
    /// The line of the last doc attribute.
    last_doc: usize,
}

impl Source {
    pub fn read(path: &Path, text: &str, is_test: bool) -> Source {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut source = Source {
            path: path.to_owned(),
            lines: text.lines().count(),
            functions: Vec::new(),
            docs: 0,
            questions: Vec::new(),
            has_module_doc: syntax.attrs.iter().any(|it| doc(it).is_some()),
            in_tests: usize::from(is_test),
            last_doc: 0,
        };
        source.visit_file(&syntax);
        source
    }

    fn function(
        &mut self,
        signature: &syn::Signature,
        attributes: &[Attribute],
        block: &syn::Block,
    ) {
        let lines =
            block.brace_token.span.close().end().line + 1 - signature.fn_token.span.start().line;
        let is_tuple = |ty: &Type| matches!(ty, Type::Tuple(tuple) if !tuple.elems.is_empty());
        self.functions.push(Function {
            name: signature.ident.to_string(),
            lines,
            takes_tuple: signature
                .inputs
                .iter()
                .any(|it| matches!(it, FnArg::Typed(it) if is_tuple(&it.ty))),
            is_test: self.in_tests > 0 || is_test(attributes),
        });
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.attrs, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.attrs, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, &item.attrs, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let depth = usize::from(is_test(&item.attrs));
        self.in_tests += depth;
        visit::visit_item_mod(self, item);
        self.in_tests -= depth;
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let Some(text) = doc(attribute) else {
            return;
        };
        // Each line of a comment is an attribute of its own.
        let line = attribute.pound_token.span.start().line;
        let begins = self.last_doc + 1 != line;
        self.last_doc = line;
        if !begins {
            return;
        }
        self.docs += 1;
        let first = text.split_whitespace().next().unwrap_or_default();
        if QUESTIONS.contains(&first) {
            self.questions.push(text.trim().to_owned());
        }
    }
}

/// The text of a line of a doc comment.
fn doc(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
