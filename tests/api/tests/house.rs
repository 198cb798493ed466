//! The house stands as the architecture says: below it the platform, which
//! names no feature, and no two files that import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Punct, Spacing, TokenStream, TokenTree};
use syn::visit::Visit;

/// Crates whose files are looked at, by their folder.
const CRATES: [&str; 5] = ["domain", "worker", "frontend/ui", "frontend/parent", "frontend/staff"];

/// A module path, as `["delivery", "attempt"]`.
type Module = Vec<String>;

/// All files of a crate by their module.
fn files(folder: &Path) -> BTreeMap<Module, PathBuf> {
    fn walk(folder: &Path, at: &Module, found: &mut BTreeMap<Module, PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("the source") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let below = || at.iter().cloned().chain([name.clone()]).collect::<Module>();
            if path.is_dir() {
                walk(&path, &below(), found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let own = ["mod", "lib", "main"].contains(&name.as_str());
                found.insert(if own { at.clone() } else { below() }, path);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&folder.join("src"), &Vec::new(), &mut found);
    found
}

/// Collects every path that a file names, outside its tests.
#[derive(Default)]
struct Paths {
    found: BTreeSet<Vec<String>>,
    /// How many modules inside the file one is in: from there `super` leads no further than the file.
    depth: usize,
}

impl Paths {
    fn add(&mut self, mut path: Vec<String>) {
        let ups = path.iter().take_while(|part| *part == "super").count().min(self.depth);
        if ups > 0 {
            path.splice(..ups, ["self".to_owned()]);
        }
        self.found.insert(path);
    }

    /// Paths among the tokens of a macro, which are no syntax yet: those that begin with `crate` or `super`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        for token in tokens.into_iter().chain([TokenTree::Punct(Punct::new(';', Spacing::Alone))]) {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) if !path.is_empty() || ident == "crate" || ident == "super" => {
                    path.push(ident.to_string());
                }
                TokenTree::Punct(colon) if colon.as_char() == ':' => {}
                _ => {
                    if path.len() > 1 {
                        self.add(std::mem::take(&mut path));
                    }
                    path.clear();
                }
            }
        }
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| before.iter().cloned().chain([ident.to_string()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(with(&name.ident)),
            syn::UseTree::Rename(rename) => self.add(with(&rename.ident)),
            syn::UseTree::Glob(_) => self.add(before.to_vec()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(before, item)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module.attrs.iter().any(|a| {
            a.path().is_ident("cfg") && a.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
        });
        if !is_test {
            self.depth += 1;
            syn::visit::visit_item_mod(self, module);
            self.depth -= 1;
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // `pub(crate)` says who may look in, not what this file looks at.
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        syn::visit::visit_macro(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(path.segments.iter().map(|s| s.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }
}

/// The file that a path of `module` leads to, where it is one of this crate.
fn target(module: &Module, path: &[String], files: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let mut whole: Module = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "super" => module[..module.len().checked_sub(1)?].to_vec(),
        "self" => module.clone(),
        // A child that is declared here: `routes::show`.
        first => {
            let child: Module = module.iter().cloned().chain([first.to_owned()]).collect();
            files.contains_key(&child).then_some(child)?
        }
    };
    for part in &path[1..] {
        if part == "super" {
            whole.pop();
            continue;
        }
        whole.push(part.clone());
    }
    // What is no file is an item of the file above it.
    (0..=whole.len()).rev().map(|n| whole[..n].to_vec()).find(|m| files.contains_key(m))
}

/// Which files a file imports.
fn imports(files: &BTreeMap<Module, PathBuf>) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut all = BTreeMap::new();
    for (module, path) in files {
        let text = std::fs::read_to_string(path).expect("source text");
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut paths = Paths::default();
        paths.visit_file(&parsed);
        let mut to: BTreeSet<Module> = paths.found.iter().filter_map(|p| target(module, p, files)).collect();
        to.remove(module);
        all.insert(module.clone(), to);
    }
    all
}

/// Pairs of files that reach each other, whatever the way.
fn circles(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<(Module, Module)> {
    let reach = |from: &Module| {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = todo.pop() {
            for to in imports.get(&at).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    todo.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = imports.keys().map(|m| (m, reach(m))).collect();
    let mutual = |a: &&Module, b: &Module| **a < *b && reached.get(b).is_some_and(|r| r.contains(*a));
    let pairs = reached
        .iter()
        .flat_map(|(a, to)| to.iter().filter(move |b| mutual(a, b)).map(|b| ((*a).clone(), b.clone())));
    pairs.collect()
}

fn of_crate(name: &str) -> BTreeMap<Module, PathBuf> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name))
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let mut all = Vec::new();
    for name in CRATES {
        let files = of_crate(name);
        assert!(files.len() > 3, "{name} has files");
        let found = circles(&imports(&files));
        let told: Vec<String> =
            found.iter().map(|(a, b)| format!("{} ↔ {}", a.join("::"), b.join("::"))).collect();
        all.extend(told.into_iter().map(|pair| format!("{name}: {pair}")));
    }
    assert!(all.is_empty(), "circles: {all:#?}");
}

#[test]
fn the_platform_names_no_feature() {
    let files = of_crate("worker");
    for (module, to) in imports(&files) {
        if module.first().is_some_and(|m| m == "platform") {
            let up: Vec<&Module> = to.iter().filter(|m| m.first().is_some_and(|m| m != "platform")).collect();
            assert!(up.is_empty(), "{} names {up:?}", module.join("::"));
        }
    }
}

/// The search itself, on a house that has what it looks for.
#[test]
fn a_circle_is_found() {
    let module = |name: &str| -> Module { name.split("::").map(str::to_owned).collect() };
    let house = |pairs: &[(&str, &[&str])]| {
        pairs
            .iter()
            .map(|(m, to)| (module(m), to.iter().map(|t| module(t)).collect()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(circles(&house(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])), []);
    let round = house(&[("a", &["b"]), ("b", &["c"]), ("c", &["d"]), ("d", &["b"])]);
    let pairs = [("b", "c"), ("b", "d"), ("c", "d")].map(|(a, b)| (module(a), module(b)));
    assert_eq!(circles(&round), pairs);
    let files: BTreeMap<Module, PathBuf> =
        [("x", ""), ("x::y", ""), ("z", "")].map(|(m, p)| (module(m), p.into())).into();
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    for (from, named, to) in [
        ("z", "crate::x::y::f", Some("x::y")),
        ("x::y", "super::g", Some("x")),
        ("x", "y::f", Some("x::y")),
        ("x", "serde::Serialize", None),
    ] {
        assert_eq!(target(&module(from), &path(named), &files), to.map(module), "{named} in {from}");
    }
}
