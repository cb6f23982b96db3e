//! How many files of a layer import each other in a circle: a reader who wants to understand one of
//! them has to understand them all.
//!
//! An import counts for the file in which the thing stands, also where a parent exports it again.

use std::collections::{BTreeMap, BTreeSet};

use super::{LAYERS, Source, paths_in, read_tree, sources, tight};

/// Most files of a circle.
const MOST: usize = 3;

#[test]
fn few_files_of_a_layer_import_each_other_in_a_circle() {
    let graph = Graph::new(&sources());
    let faults: Vec<_> = LAYERS.iter().filter_map(|layer| fault(&graph, layer.name)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fault(graph: &Graph, layer: &str) -> Option<String> {
    let circle = graph.largest_circle(layer);
    let size = circle.len();
    let files = graph.describe(&circle);
    (size > MOST)
        .then(|| format!("{size} files of {layer} are a circle, more than {MOST}:\n{files}"))
}

/// A module by its names from the root on, such as `["track", "step"]`.
type Module = Vec<String>;

/// Which file imports which. Files are known by their modules.
struct Graph {
    imports: BTreeMap<Module, BTreeSet<Module>>,
}

impl Graph {
    fn new(sources: &[Source]) -> Self {
        let modules: BTreeMap<Module, &Source> =
            sources.iter().map(|source| (module_of(source), source)).collect();
        let exports = modules.iter().map(|(module, source)| {
            let paths = exports_of(&source.code);
            let paths = paths.into_iter().filter_map(|path| absolute(module, &path, &modules));
            (module.clone(), paths.collect())
        });
        let exports: BTreeMap<Module, Vec<Module>> = exports.collect();
        let imports = modules.iter().map(|(module, source)| {
            let paths = imports_of(module, &source.code, &modules);
            let files = paths.into_iter().filter_map(|path| file_of(&path, &modules, &exports));
            (module.clone(), files.filter(|file| file != module).collect())
        });
        Self { imports: imports.collect() }
    }

    /// The files of the largest circle in a layer; one file that is in none, if there is no circle.
    fn largest_circle(&self, layer: &str) -> BTreeSet<&Module> {
        let files =
            self.imports.keys().filter(|module| module.first().is_some_and(|first| first == layer));
        let reach: BTreeMap<_, _> = files.map(|file| (file, self.reach(file, layer))).collect();
        let circles = reach.iter().map(|(file, reached)| {
            let others = reached.iter().filter(|other| reach[*other].contains(file));
            others.chain([file]).copied().collect()
        });
        circles.max_by_key(BTreeSet::len).unwrap_or_default()
    }

    /// All files of `layer` that `file` imports, directly or not.
    fn reach(&self, file: &Module, layer: &str) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            for import in self.imports.get(file).into_iter().flatten() {
                if import.first().is_some_and(|first| first == layer) && reached.insert(import) {
                    open.push(import);
                }
            }
        }
        reached
    }

    /// Each file of a circle, with what it imports of the others.
    fn describe(&self, circle: &BTreeSet<&Module>) -> String {
        let line = |file: &&Module| {
            let imports = self.imports[*file].iter().filter(|import| circle.contains(import));
            let imports: Vec<_> = imports.map(|import| import.join("::")).collect();
            format!("  {} imports {}", file.join("::"), imports.join(", "))
        };
        circle.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn module_of(source: &Source) -> Module {
    let path = source.path.strip_suffix(".rs").unwrap_or(&source.path);
    path.split('/').map(ToOwned::to_owned).collect()
}

/// The paths that a file exports again, as they are written.
fn exports_of(code: &str) -> Vec<String> {
    let code = tight(code);
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("pub") {
        let rest = &code[at + "pub".len()..];
        let rest = match rest.strip_prefix('(') {
            Some(limited) => limited.split_once(')').map_or("", |(_, rest)| rest),
            None => rest,
        };
        if let Some(tree) = rest.trim_start().strip_prefix("use ") {
            read_tree(tree, "", &mut paths);
        }
    }
    paths
}

/// The modules and items that a file names, by their names from the root on.
fn imports_of(module: &Module, code: &str, modules: &BTreeMap<Module, &Source>) -> Vec<Module> {
    let children =
        modules.keys().filter(|other| other.split_last().is_some_and(|(_, up)| up == module));
    let roots = children.filter_map(|child| child.last().cloned());
    let roots = roots.chain(["crate", "self", "super"].map(ToOwned::to_owned));
    let code = tight(code);
    let paths = roots.flat_map(|root| {
        let root = format!("{root}::");
        let below = paths_in(&code, &root).into_iter();
        below.map(|path| format!("{root}{path}")).collect::<Vec<_>>()
    });
    paths.filter_map(|path| absolute(module, &path, modules)).collect()
}

/// A path as it is written in `module`, by names from the root on; `None` for one of another crate.
fn absolute(module: &Module, path: &str, modules: &BTreeMap<Module, &Source>) -> Option<Module> {
    let mut names: Vec<&str> = path.split("::").collect();
    let mut base = module.clone();
    match *names.first()? {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
        }
        child => {
            let below = [module.as_slice(), &[child.to_owned()]].concat();
            return modules.contains_key(&below).then(|| {
                base.extend(names.into_iter().map(ToOwned::to_owned));
                base
            });
        }
    }
    names.remove(0);
    while names.first() == Some(&"super") {
        base.pop();
        names.remove(0);
    }
    base.extend(names.into_iter().map(ToOwned::to_owned));
    Some(base)
}

/// The file in which something stands; `None` if that is none of ours.
fn file_of(
    path: &[String],
    modules: &BTreeMap<Module, &Source>,
    exports: &BTreeMap<Module, Vec<Module>>,
) -> Option<Module> {
    let len = (1..=path.len()).rev().find(|len| modules.contains_key(&path[..*len]))?;
    let (file, rest) = path.split_at(len);
    let exported = rest.first().and_then(|name| {
        let known = exports.get(file)?.iter();
        known.filter(|export| export.last() == Some(name) && export.as_slice() != path).min()
    });
    match exported {
        Some(export) => file_of(&[export.as_slice(), &rest[1..]].concat(), modules, exports),
        None => Some(file.to_vec()),
    }
}

/// The check itself, on sources with circles.
mod the_checker {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        let source = |(path, text): &(&str, &str)| Source::new((*path).to_owned(), text);
        Graph::new(&files.iter().map(source).collect::<Vec<_>>())
    }

    fn size(files: &[(&str, &str)]) -> usize {
        graph(files).largest_circle("track").len()
    }

    #[test]
    fn follows_paths_however_they_are_written() {
        for text in [
            "use super::b::B;",
            "use crate::track::{b, c};",
            "fn f(_: crate::track::b::B) {}",
            "use super::super::track::b;",
        ] {
            let b = ("track/b.rs", "use super::a::A;");
            assert_eq!(size(&[("track.rs", ""), ("track/a.rs", text), b]), 2, "{text}");
        }
    }

    #[test]
    fn a_parent_that_uses_its_child_is_in_a_circle_with_it() {
        let child = ("track/a.rs", "use super::Tracker;");
        assert_eq!(size(&[("track.rs", "mod a; use a::A;"), child]), 2);
        assert_eq!(size(&[("track.rs", "mod a; fn f() { a::f() }"), child]), 2);
        assert_eq!(size(&[("track.rs", "mod a;"), child]), 1, "to declare it is not to use it");
    }

    #[test]
    fn an_export_counts_for_where_the_thing_stands() {
        let parent = ("track.rs", "pub use state::{a, b::B}; use a::A;");
        let a = ("track/state/a.rs", "use crate::track::B;");
        let b = ("track/state/b.rs", "use crate::track::a::A;");
        let state = ("track/state.rs", "");
        assert_eq!(size(&[parent, state, a, b]), 2, "a and b, and not their parents");
    }

    #[test]
    fn other_layers_and_tests_do_not_count() {
        let a =
            ("track/a.rs", "use crate::wire::b; #[cfg(test)] mod tests { use super::super::c; }");
        let c = ("track/c.rs", "use super::a;");
        assert_eq!(size(&[a, c, ("wire/b.rs", "use crate::track::a;")]), 1);
    }
}
