//! Errors as data, there and back.

use std::{io, sync::Arc, time::Duration};
use trine_thunks::{Rejection, RunId, SerializedError, Store, Text};

#[derive(Debug, thiserror::Error)]
#[error("user {id} cannot be shown")]
struct NotShown {
    id: u32,
    source: NotRead,
}

#[derive(Debug, thiserror::Error)]
#[error("the table cannot be read")]
struct NotRead(#[source] io::Error);

fn rejection() -> Rejection<NotShown> {
    let source = NotRead(io::Error::other("connection reset"));
    Rejection::Rejected { error: Arc::new(NotShown { id: 7, source }) }
}

fn there_and_back(data: &SerializedError) -> (String, SerializedError) {
    let text = serde_json::to_string(data).unwrap();
    let back = serde_json::from_str(&text).unwrap();
    (text, back)
}

#[test]
fn name_message_code_and_the_whole_chain_come_back_as_they_went() {
    let data = SerializedError::of_rejection(&rejection()).with_code("E7");
    let (text, back) = there_and_back(&data);
    assert_eq!(
        text,
        r#"{"name":"NotShown","message":"user 7 cannot be shown","code":"E7","chain":["the table cannot be read","connection reset"]}"#
    );
    assert_eq!(back, data);
    assert_eq!(
        back.to_string(),
        "NotShown: user 7 cannot be shown: the table cannot be read: connection reset"
    );
}

#[test]
fn a_code_and_a_chain_that_are_not_there_are_not_written_and_not_missed() {
    let (text, back) = there_and_back(&SerializedError::new("Error", "it \"broke\""));
    assert_eq!(text, r#"{"name":"Error","message":"it \"broke\""}"#);
    assert_eq!(back, SerializedError::new("Error", "it \"broke\""));
}

#[test]
fn what_has_no_name_or_no_message_is_no_error() {
    for text in [r#"{"message":"m"}"#, r#"{"name":"n"}"#, r#"{"name":"n","message":7}"#] {
        assert!(serde_json::from_str::<SerializedError>(text).is_err(), "{text}");
    }
}

#[test]
fn ends_that_are_not_the_bodys_go_there_and_back_under_names_of_their_own() {
    let aborted = {
        let store = Store::builder().build().unwrap();
        let run = store.core().run("fetch", |cx| async move {
            cx.abort("left the page");
            std::future::pending::<Result<(), NotShown>>().await
        });
        run.outcome().unwrap().into_result().unwrap_err()
    };
    let after = Duration::from_secs(2);
    let ends: [(Rejection<NotShown>, &str, &str); 5] = [
        (aborted, "AbortError", "left the page"),
        (
            Rejection::Skipped { reason: Text::from("there already") },
            "ConditionError",
            "there already",
        ),
        (
            Rejection::TimedOut { after, attempt: 3 },
            "TimeoutError",
            "the run took longer than 2s (attempt 3)",
        ),
        (Rejection::Panicked { message: Text::from("oh") }, "PanicError", "oh"),
        (superseded(), "SupersededError", ""),
    ];
    for (rejection, name, message) in ends {
        let data = SerializedError::of_rejection(&rejection);
        let (_, back) = there_and_back(&data);
        assert_eq!(back, data);
        assert_eq!(back.name, name);
        assert!(back.message.starts_with(message), "{back}");
        assert_eq!((back.code, back.chain), (None, Vec::new()));
    }
}

fn superseded() -> Rejection<NotShown> {
    let store = Store::builder().build().unwrap();
    let by: RunId = store.core().run("fetch", |_| async { Ok::<_, NotShown>(()) }).id();
    Rejection::Superseded { by }
}
