//! ARCHITECTURE.md lists the public API of the core on one screen, and the list is true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Methods by type.
type Api = BTreeMap<String, BTreeSet<String>>;

fn core() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The list: `Type: method method`, lines that begin with blanks go on. `[try_]get` is `get` and `try_get`.
fn listed() -> Api {
    let text = fs::read_to_string(core().join("../ARCHITECTURE.md")).unwrap();
    let (_, screen) = text.split_once("## The core's public API, on one screen").expect("a list");
    let (_, block) = screen.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    assert!(block.lines().count() <= 60, "one screen");
    let mut api = Api::new();
    let mut current = String::new();
    for line in block.lines() {
        let words = match line.split_once(": ") {
            Some((name, words)) if !line.starts_with(' ') => {
                current = name.to_owned();
                words
            }
            _ => line,
        };
        let methods = api.entry(current.clone()).or_default();
        for word in words.split_whitespace() {
            match word.strip_prefix("[try_]") {
                Some(name) => methods.extend([name.to_owned(), format!("try_{name}")]),
                None => _ = methods.insert(word.to_owned()),
            }
        }
    }
    api
}

/// What the sources say: the public methods of the types that `lib.rs` exports.
fn actual() -> Api {
    let exports = fs::read_to_string(core().join("src/lib.rs")).unwrap();
    let exports: Vec<_> = exports.split("pub use ").skip(1).collect();
    let exported: BTreeSet<_> = exports
        .iter()
        .flat_map(|used| used.split(';').next().unwrap().split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.starts_with(char::is_uppercase))
        .map(str::to_owned)
        .collect();
    let mut api = Api::new();
    read_folder(&core().join("src"), &mut api);
    api.retain(|name, _| exported.contains(name));
    api
}

fn read_folder(folder: &Path, api: &mut Api) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(&path, api);
        } else {
            read_file(&fs::read_to_string(path).unwrap(), api);
        }
    }
}

fn read_file(source: &str, api: &mut Api) {
    let mut current = None;
    let mut hidden = false;
    for line in source.lines() {
        if line.starts_with("impl") {
            current = type_of_impl(line);
        } else if !line.starts_with(char::is_whitespace) && line.starts_with('}') {
            current = None;
        }
        let line = line.trim_start();
        let method = ["pub fn ", "pub const fn ", "pub async fn "]
            .into_iter()
            .find_map(|start| line.strip_prefix(start));
        if let (Some(method), Some(name)) = (method, &current)
            && !std::mem::take(&mut hidden)
        {
            let end = method.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
            api.entry(String::clone(name)).or_default().insert(method[..end].to_owned());
        }
        hidden |= line == "#[doc(hidden)]";
    }
}

/// The type of an `impl` that is not one of a trait.
fn type_of_impl(line: &str) -> Option<String> {
    let (mut depth, mut rest) = (0, String::new());
    for c in line.replace("->", "").chars() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            c if depth == 0 => rest.push(c),
            _ => {}
        }
    }
    let rest = rest.strip_prefix("impl")?;
    if rest.contains(" for ") {
        return None;
    }
    rest.split_whitespace().next().map(|name| name.trim_end_matches('{').to_owned())
}

#[test]
fn the_list_of_the_public_api_is_true_and_fits_on_one_screen() {
    let (listed, actual) = (listed(), actual());
    let line = |(name, methods): (&String, &BTreeSet<String>)| {
        let methods: Vec<_> = methods.iter().map(String::as_str).collect();
        format!("{name}: {}", methods.join(" "))
    };
    for (name, methods) in &actual {
        assert_eq!(
            listed.get(name).map(|listed| line((name, listed))),
            Some(line((name, methods))),
            "left: ARCHITECTURE.md, \"The core's public API, on one screen\"; right: the sources"
        );
    }
    for name in listed.keys() {
        assert!(actual.contains_key(name), "`{name}` is in ARCHITECTURE.md, not in the sources");
    }
}
