//! What one has to know to write a model: the names of Trine's API, and of tasks and locks, that its code uses.
//!
//! A name counts once, however often it is used; types, functions and methods count alike. What every model uses of Rust
//! itself (`Arc`, `clone`, futures) does not count. A test compares the lists with the sources: a name that is used and
//! not listed is an error.

/// The names of a model, in the order in which one meets them: what begins with a dot is a method, or a function of a type.
pub(super) fn vocabulary(model: &str) -> impl Iterator<Item = &'static str> + Clone + use<> {
    let names = match model {
        "atoms" => ATOMS,
        "thunks" => THUNKS,
        "tao" => TAO,
        _ => TASKS,
    };
    names.split_whitespace()
}

const ATOMS: &str = "\
    Atom synergy Action .action AsyncAction .async_action .async_action_with Draft BoxError .run .named .set
    .update .trigger .trigger_scoped .latest .leading .key .condition .read .retry Retry .exponential .attempt
    .is_cancelled .abort_all reset_all .detach Store .store .get .cell .derive .derived Derived Optimistic .optimistic
    .patch .confirm_with .subscribe .subscribe_changes Change .value .number Watch .watch .runs .idle .delivered
    .last_commit .history .limit .undo MemoryStorage Stored .bind";

const THUNKS: &str = "\
    SliceKey .slice Slice Action action .on .on_any Update AsyncThunk ThunkApi .extra .dispatch .with .pending
    .fulfilled Fulfilled .rejected Rejection Progress .progress .report .provisional .optimistic .reset .arg .payload .error .message .is_cancelled .result .read
    .key .latest .leading .condition .retry Retry .exponential .attempt Store StoreBuilder .builder .build .core
    .cell .get .derived Derived .subscribe .subscribe_changes Change .value .number Watch .watch .detach .runs
    .runs_of .abort_all .idle .last_commit Listener .run .listen ListenerApi";

const TAO: &str = "\
    Kernel AppCtx .trigram .term .action .term_arc .term_datum .term_datum_arc .action_datum .as_str .on_inline
    .on_async .on_intercept HandlerGuard Verdict .halt BoxError Cascade .set .abort Store Source .source .get
    .update Update UpdateResult .batch .derived Derived Optimistic .optimistic Patch .patch .confirm_with
    .subscribe .subscribe_changes Change .value .number Watch .watch .detach .runs .abort_all .idle .last_commit
    Mutex MutexGuard PoisonError .lock .sleep .cell .always_different Bridge .inline";

/// What is used by hand: tokio, and the standard library's locks.
const TASKS: &str = "\
    Mutex .lock PoisonError TaskTracker .spawn .abort_handle AbortHandle .abort CancellationToken .cancel
    .run_until_cancelled .close .wait .sleep MutexGuard Weak .upgrade .downgrade";

/// The names of the vocabulary of `model` that `code` uses, in the order of the vocabulary.
#[must_use]
pub(super) fn used(model: &str, code: &str) -> Vec<&'static str> {
    let code: String = code.lines().map(|line| format!("{}\n", without_comment(line))).collect();
    vocabulary(model).filter(|name| uses(&code, name)).collect()
}

fn uses(code: &str, name: &str) -> bool {
    let (method, word) = match name.strip_prefix('.') {
        Some(word) => (true, word),
        None => (false, name),
    };
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        let whole = !before.ends_with(in_a_word) && !after.starts_with(in_a_word);
        let called = after.starts_with('(') || after.starts_with("::<");
        let of_something = before.trim_end().ends_with('.') || before.ends_with("::");
        match (method, word.starts_with(char::is_lowercase)) {
            (true, _) => whole && called && of_something,
            // A function.
            (false, true) => whole && called && !of_something && !before.ends_with("fn "),
            // A type.
            (false, false) => whole,
        }
    })
}

fn in_a_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Good enough for code without `//` in its strings.
fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::super::tasks;
    use super::*;
    use crate::models;
    use crate::portal::Model;

    #[test]
    fn a_name_counts_once_and_only_where_it_is_that_name() {
        let code = "// Draft\nlet a = synergy(&A).action(f).latest();\nfn key() {}\nx.trigger_scoped()?;\nx.set::<u8>(1);";
        assert_eq!(
            used("atoms", code),
            ["synergy", ".action", ".set", ".trigger_scoped", ".latest"]
        );
        assert_eq!(used("atoms", "fn synergy(a: Atoms) { y\n    .set(2) }"), [".set"]);
    }

    /// Methods that are called so in an app, and that are not those of Trine that have the same name.
    const OF_OTHERS: &[&str] = &[
        "advance", "answer", "any", "begin", "clear", "confirm", "end", "filter", "find", "follow",
        "insert", "is_empty", "iter", "map", "merge", "new", "of", "pop", "push", "remove",
        "retain", "take",
    ];
    /// What is imported of futures, and what everybody knows.
    const IMPORTED_OF_OTHERS: &[&str] = &["Arc", "BoxFuture", "FutureExt", "StreamExt"];

    /// The app, and what it has no scene for.
    fn code(model: &Model) -> String {
        let tasks = tasks::SOURCES.iter().filter(|(name, _)| *name == model.name);
        let files = model.sources.iter().chain(tasks.map(|(_, file)| file));
        let lines = files.flat_map(|file| file.text.lines());
        lines.map(|line| format!("{}\n", without_comment(line))).collect()
    }

    fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
        code.split(|character| !in_a_word(character))
            .filter(|word| !word.is_empty())
            .map(|word| (word.as_ptr() as usize - code.as_ptr() as usize, word))
    }

    #[test]
    fn every_type_that_a_model_imports_is_in_its_vocabulary() {
        for model in models::ALL {
            let code = code(model);
            let imports = code.split(';').filter_map(|statement| {
                let path = statement.trim_start().strip_prefix("use ")?;
                ["trine_", "tokio", "std::sync", "futures_util"]
                    .iter()
                    .any(|start| path.starts_with(start))
                    .then_some(path)
            });
            let types = imports.flat_map(words).map(|(_, word)| word);
            let types = types.filter(|word| word.starts_with(char::is_uppercase));
            for name in types.filter(|name| !IMPORTED_OF_OTHERS.contains(name)) {
                assert!(
                    vocabulary(model.name).any(|known| known == name),
                    "{}: {name}",
                    model.name
                );
            }
        }
    }

    #[test]
    fn every_method_of_trine_that_a_model_calls_is_in_its_vocabulary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (name, own) in [("atoms", "atoms"), ("thunks", "thunks"), ("tao", "tao")] {
            let mut public = BTreeSet::new();
            for folder in [own, "core"] {
                public_functions(&root.join(folder).join("src"), &mut public);
            }
            let model = models::named(name).unwrap();
            let code = code(&model);
            for (at, word) in words(&code) {
                let (before, after) = (code[..at].trim_end(), &code[at + word.len()..]);
                let called = (after.starts_with('(') || after.starts_with("::<"))
                    && (before.ends_with('.') || before.ends_with("::"));
                if called && public.contains(word) && !OF_OTHERS.contains(&word) {
                    let method = format!(".{word}");
                    assert!(vocabulary(name).any(|known| known == method), "{name}: {word}");
                }
            }
        }
    }

    #[test]
    fn every_name_of_a_vocabulary_is_used_by_its_model() {
        for model in models::ALL {
            let used = used(model.name, &code(model));
            assert_eq!(used, vocabulary(model.name).collect::<Vec<_>>(), "{}", model.name);
        }
    }

    fn public_functions(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                public_functions(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let declared = text.split("pub ").skip(1).filter_map(|rest| {
                    let line = rest.lines().next()?;
                    let (before, name) = line.split_once("fn ")?;
                    let plain = ["", "const ", "async "].contains(&before);
                    plain.then(|| {
                        name.split(|c| !in_a_word(c)).next().unwrap_or_default().to_owned()
                    })
                });
                found.extend(declared);
            }
        }
    }
}
