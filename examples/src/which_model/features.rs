//! Where the same feature is in each model: parts of the app's files, shown beside each other.

use super::concepts;
use super::cut::{Cut, CutError};
use super::tasks;
use crate::measure;
use crate::models;
use crate::portal::{Model, SourceFile};

/// A feature of the app, and where it is in each model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feature {
    /// Its name, in the markers of the document.
    pub(super) name: &'static str,
    /// Its parts by model, file by file.
    parts: [(&'static str, &'static [(&'static str, Cut)]); 4],
}

/// A feature as one model has it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// The model.
    pub(super) model: Model,
    /// The files that it is cut out of, in order, from the repository's root.
    pub(super) files: Vec<String>,
    /// The code.
    pub(super) code: String,
    /// Its lines, without comments and blank lines.
    pub(super) lines: usize,
    /// The names that it uses of Trine, or of tokio and the standard library's locks.
    pub(super) concepts: Vec<&'static str>,
}

impl Feature {
    /// The feature in each model, in the order of the columns.
    ///
    /// # Errors
    /// [`CutError`] when the code is not where it was.
    pub(super) fn shown(&self) -> Result<Vec<Shown>, CutError> {
        self.parts.iter().map(|(name, parts)| shown(name, parts)).collect()
    }
}

/// How a file of [`tasks`] is called here, whatever the model.
const TASK: &str = "task";

fn shown(name: &str, parts: &[(&'static str, Cut)]) -> Result<Shown, CutError> {
    let not_there =
        |file: &str| CutError::NotOne { file: file.to_owned(), text: String::new(), found: 0 };
    let model = models::named(name).ok_or_else(|| not_there(name))?;
    let (mut files, mut pieces) = (Vec::new(), Vec::new());
    for (name, cut) in parts {
        let (path, file) = file_of(&model, name).ok_or_else(|| not_there(name))?;
        pieces.push(cut.of(&file)?);
        if !files.contains(&path) {
            files.push(path);
        }
    }
    let code = pieces.join("\n");
    let (lines, concepts) = (measure::lines_of_code(&code), concepts::used(model.name, &code));
    Ok(Shown { model, files, code, lines, concepts })
}

fn file_of(model: &Model, name: &str) -> Option<(String, SourceFile)> {
    if name == TASK {
        let (_, file) = tasks::SOURCES.into_iter().find(|(of, _)| *of == model.name)?;
        return Some((format!("examples/src/which_model/{}", file.name), file));
    }
    let file = *model.sources.iter().find(|file| file.name == name)?;
    Some((format!("{}/{name}", model.folder), file))
}

/// The features, in the order of the document.
pub(super) const FEATURES: [Feature; 7] = [
    Feature {
        name: "code of search",
        parts: [
            (
                "atoms",
                &[("visits.rs", Cut::Item("fn search(")), ("mod.rs", Cut::Item("fn type_search("))],
            ),
            (
                "thunks",
                &[
                    ("visits.rs", Cut::Item("fn search(")),
                    ("visits.rs", Cut::Item("fn searched(")),
                    ("mod.rs", Cut::Item("fn type_search(")),
                ],
            ),
            (
                "tao",
                &[
                    (
                        "visits.rs",
                        Cut::Lines(
                            "// Search. An empty text",
                            "tao.on_inline((\"Search\", \"List\"",
                        ),
                    ),
                    ("visits.rs", Cut::Item("async fn type_search(")),
                    ("visits.rs", Cut::Item("async fn find_hits(")),
                    ("visits.rs", Cut::Item("fn list_hits(")),
                    ("mod.rs", Cut::Item("fn type_search(")),
                ],
            ),
            (
                "by-hand",
                &[
                    ("visits.rs", Cut::Item("pub(super) fn search(")),
                    ("visits.rs", Cut::Item("async fn search(")),
                    ("mod.rs", Cut::Item("fn type_search(")),
                ],
            ),
        ],
    },
    Feature {
        name: "code of leaving a page",
        parts: [
            (
                "atoms",
                &[
                    ("visits.rs", Cut::Item("fn open_page(")),
                    ("mod.rs", Cut::Item("fn open_page(")),
                    ("mod.rs", Cut::Item("fn leave_page(")),
                ],
            ),
            (
                "thunks",
                &[
                    ("visits.rs", Cut::Item("fn open_page(")),
                    ("visits.rs", Cut::Item("fn page(")),
                    ("mod.rs", Cut::Item("fn open_page(")),
                    ("mod.rs", Cut::Item("fn leave_page(")),
                ],
            ),
            (
                "tao",
                &[
                    (
                        "visits.rs",
                        Cut::Lines("// Read a Page.", "tao.on_inline((\"Page\", \"Leave\""),
                    ),
                    ("visits.rs", Cut::Item("async fn open_page(")),
                    ("visits.rs", Cut::Item("fn view_page(")),
                    ("visits.rs", Cut::Item("fn leave_page(")),
                    ("mod.rs", Cut::Item("fn open_page(")),
                    ("mod.rs", Cut::Item("fn leave_page(")),
                ],
            ),
            (
                "by-hand",
                &[
                    ("visits.rs", Cut::Item("pub(super) fn load_page(")),
                    ("visits.rs", Cut::Item("pub(super) fn drop_page(")),
                    ("visits.rs", Cut::Item("async fn load_page(")),
                    ("mod.rs", Cut::Item("fn open_page(")),
                    ("mod.rs", Cut::Item("fn leave_page(")),
                ],
            ),
        ],
    },
    Feature {
        name: "code of renaming",
        parts: [
            (
                "atoms",
                &[
                    ("renaming.rs", Cut::Item("pub(super) fn spaces(")),
                    ("renaming.rs", Cut::Item("pub(super) fn rename(")),
                ],
            ),
            (
                "thunks",
                &[
                    ("renaming.rs", Cut::Item("pub(super) fn rename(")),
                    ("renaming.rs", Cut::Item("pub(super) fn confirmed(")),
                    ("renaming.rs", Cut::Item("pub(super) fn notice(")),
                ],
            ),
            (
                "tao",
                &[
                    ("renaming.rs", Cut::Item("pub(super) fn paths(")),
                    ("renaming.rs", Cut::Item("async fn change(")),
                    ("renaming.rs", Cut::Item("impl World")),
                ],
            ),
            (
                "by-hand",
                &[
                    ("renaming.rs", Cut::Item("pub(super) struct Spaces")),
                    ("renaming.rs", Cut::Item("impl State")),
                    ("renaming.rs", Cut::Item("impl App")),
                ],
            ),
        ],
    },
    Feature {
        name: "code of retrying",
        parts: [
            ("atoms", &[("news.rs", Cut::Item("pub(super) fn load_news("))]),
            (
                "thunks",
                &[
                    ("news.rs", Cut::Item("struct Asked")),
                    ("news.rs", Cut::Item("impl Action for Asked")),
                    ("news.rs", Cut::Item("pub(super) fn load_news(")),
                    ("news.rs", Cut::Item("pub(super) fn news(")),
                ],
            ),
            (
                "tao",
                &[
                    ("news.rs", Cut::Item("pub(super) fn paths(")),
                    ("news.rs", Cut::Item("async fn find(")),
                    ("news.rs", Cut::Item("async fn wait(")),
                    ("news.rs", Cut::Item("fn view_news(")),
                    ("news.rs", Cut::Item("fn view_failure(")),
                ],
            ),
            ("by-hand", &[("news.rs", Cut::Item("impl App")), ("news.rs", Cut::Item("impl Task"))]),
        ],
    },
    Feature {
        name: "code of logging out",
        parts: [
            (
                "atoms",
                &[
                    ("mod.rs", Cut::Item("fn log_out(")),
                    ("leaving.rs", Cut::Item("pub(super) fn log_out(")),
                ],
            ),
            (
                "thunks",
                &[
                    ("leaving.rs", Cut::Item("pub(super) struct LoggedOut")),
                    ("leaving.rs", Cut::Item("impl Action for LoggedOut")),
                    ("leaving.rs", Cut::Item("pub(super) fn log_out(")),
                ],
            ),
            (
                "tao",
                &[
                    ("mod.rs", Cut::Item("fn log_out(")),
                    ("leaving.rs", Cut::Item("pub(super) fn paths(")),
                ],
            ),
            ("by-hand", &[("leaving.rs", Cut::Item("impl App"))]),
        ],
    },
    Feature {
        name: "code of undo",
        parts: [
            ("atoms", &[(TASK, Cut::Item("pub fn undo("))]),
            (
                "thunks",
                &[
                    (TASK, Cut::Item("struct Past")),
                    (TASK, Cut::Item("struct Added")),
                    (TASK, Cut::Item("impl Action for Added")),
                    (TASK, Cut::Item("struct Undone")),
                    (TASK, Cut::Item("impl Action for Undone")),
                    (TASK, Cut::Item("pub fn undo(")),
                ],
            ),
            ("tao", &[(TASK, Cut::Item("pub fn undo("))]),
            (
                "by-hand",
                &[
                    (TASK, Cut::Item("struct Todos")),
                    (TASK, Cut::Item("impl Todos")),
                    (TASK, Cut::Item("pub fn undo(")),
                ],
            ),
        ],
    },
    Feature {
        name: "code of two tabs",
        parts: [
            ("atoms", &[(TASK, Cut::Item("pub fn two_tabs("))]),
            (
                "thunks",
                &[
                    (TASK, Cut::Item("struct Picked(")),
                    (TASK, Cut::Item("impl Action for Picked {")),
                    (TASK, Cut::Item("struct PickedElsewhere")),
                    (TASK, Cut::Item("impl Action for PickedElsewhere")),
                    (TASK, Cut::Item("pub fn two_tabs(")),
                ],
            ),
            ("tao", &[(TASK, Cut::Item("pub fn two_tabs("))]),
            (
                "by-hand",
                &[
                    (TASK, Cut::Item("struct Tab")),
                    (TASK, Cut::Item("impl Tab")),
                    (TASK, Cut::Item("pub fn two_tabs(")),
                ],
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_found_in_every_model() {
        for feature in FEATURES {
            let shown = feature.shown().unwrap();
            let names: Vec<_> = shown.iter().map(|shown| shown.model.name).collect();
            let all: Vec<_> = models::ALL.iter().map(|model| model.name).collect();
            assert_eq!(names, all, "{}", feature.name);
            for shown in shown {
                assert!(
                    shown.lines > 4 && !shown.concepts.is_empty(),
                    "{} {shown:?}",
                    feature.name
                );
            }
        }
    }
}
