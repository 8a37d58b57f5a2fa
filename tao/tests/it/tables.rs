//! The tables of the documentation name tests that exist.

use std::{collections::BTreeMap, fs, path::Path};

/// The sources of the tests, by the path of their module.
fn sources(folder: &Path, module: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = format!("{module}{}", path.file_stem().unwrap().to_string_lossy());
        if path.is_dir() {
            sources(&path, &format!("{module}::"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(module, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_tables_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeMap::new();
    sources(&root.join("tests/it"), "", &mut tests);
    let mut named = 0;
    for document in ["docs/contract.md", "docs/client-and-server.md", "src/lib.rs"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let rows = text.lines().filter(|line| line.trim_start_matches("//! ").starts_with('|'));
        for code in rows.flat_map(|row| row.split('`').skip(1).step_by(2)) {
            // A test is a sentence; what else has a path is an item.
            let Some((module, test)) = code.rsplit_once("::") else { continue };
            let is_item =
                |path: &str| path.starts_with("crate") || path.contains(char::is_uppercase);
            if !test.contains('_') || test.contains('(') || is_item(module) {
                continue;
            }
            let source = tests.get(module).unwrap_or_else(|| panic!("{document}: {code}"));
            assert!(source.contains(&format!("fn {test}(")), "{document}: {code}");
            named += 1;
        }
    }
    assert!(named > 90, "{named}");
}
