//! The endpoints that change something: pages, titles of spaces, imported contacts.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::Response;

use super::{App, Refusal, found, identity};
use crate::api::{Contact, Endpoint, PageDraft, SpaceTitle};
use crate::service::changes::Saved;

const LONGEST_TITLE: usize = 60;

type Body<T> = Result<Json<T>, JsonRejection>;

pub(super) async fn save_page(
    State(app): App,
    Path(id): Path<String>,
    body: Body<PageDraft>,
) -> Response {
    app.answer(Endpoint::SavePage, id.clone(), move |data| {
        let (page, draft) = (identity(&id)?, content(body)?);
        let mut problems = BTreeMap::new();
        problems.extend(title_problem(&draft.title));
        if draft.text.trim().is_empty() {
            problems.insert("text".to_owned(), "must not be empty".to_owned());
        }
        if !problems.is_empty() {
            return Err(Refusal::Invalid(problems));
        }
        match data.save_page(page, &draft)? {
            Saved::Page(page) => Ok(page),
            Saved::Conflict(page) => Err(Refusal::Changed(Box::new(page))),
            Saved::Missing => Err(Refusal::NotFound(format!("there is no page {id}"))),
        }
    })
    .await
}

pub(super) async fn rename_space(
    State(app): App,
    Path(id): Path<String>,
    body: Body<SpaceTitle>,
) -> Response {
    app.answer(Endpoint::RenameSpace, id.clone(), move |data| {
        let (space, SpaceTitle { title }) = (identity(&id)?, content(body)?);
        if let Some(problem) = title_problem(&title) {
            return Err(Refusal::Invalid(BTreeMap::from([problem])));
        }
        found(data.rename_space(space, &title)?, || format!("there is no space {id}"))
    })
    .await
}

pub(super) async fn import(
    State(app): App,
    Path(id): Path<String>,
    body: Body<Contact>,
) -> Response {
    app.answer(Endpoint::Import, id.clone(), move |data| {
        let (id, contact) = (identity(&id)?, content(body)?);
        if contact.id != id {
            return Err(Refusal::BadRequest("the contact has another identity".to_owned()));
        }
        data.import(&contact)?;
        Ok(contact)
    })
    .await
}

fn content<T>(body: Body<T>) -> Result<T, Refusal> {
    body.map(|Json(content)| content)
        .map_err(|rejection| Refusal::BadRequest(rejection.body_text()))
}

fn title_problem(title: &str) -> Option<(String, String)> {
    let fits = !title.trim().is_empty() && title.chars().count() <= LONGEST_TITLE;
    (!fits).then(|| ("title".to_owned(), format!("must have 1 to {LONGEST_TITLE} characters")))
}
