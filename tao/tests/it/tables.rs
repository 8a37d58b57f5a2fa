//! The tables of the documentation name tests that exist.

use std::{collections::BTreeMap, fs, path::Path};

#[test]
fn the_tables_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir(root.join("tests/it")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    let mut named = 0;
    for document in ["docs/contract.md", "src/lib.rs"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let rows = text.lines().filter(|line| line.trim_start_matches("//! ").starts_with('|'));
        for code in rows.flat_map(|row| row.split('`').skip(1).step_by(2)) {
            let Some((file, test)) = code.split_once("::") else { continue };
            let Some(source) = sources.get(file) else { continue };
            assert!(source.contains(&format!("fn {test}(")), "{document}: {code}");
            named += 1;
        }
    }
    assert!(named > 70, "{named}");
}
