//! Patterns against brute force over a small world.

use proptest::prelude::*;
use trine_tao::{ANY, Pattern, Trigram};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn pattern() -> impl Strategy<Value = Pattern> {
    let part = || prop::sample::select(&["*", "a", "b", "c"][..]);
    (part(), part(), part()).prop_map(Pattern::from)
}

/// Every signal that three names can make.
fn signals() -> impl Iterator<Item = Trigram> {
    NAMES.into_iter().flat_map(|t| {
        NAMES
            .into_iter()
            .flat_map(move |a| NAMES.into_iter().map(move |o| Trigram::new(t, a, o).unwrap()))
    })
}

proptest! {
    #[test]
    fn a_pattern_matches_what_its_text_says(pattern in pattern()) {
        let text = pattern.to_string();
        let parts: Vec<_> = text.trim_matches(['{', '}']).split(',').collect();
        for signal in signals() {
            let own = [signal.term(), signal.action(), signal.orient()];
            let expected = parts.iter().zip(own).all(|(part, name)| *part == "*" || name == part);
            prop_assert_eq!(pattern.matches(&signal), expected);
        }
    }

    #[test]
    fn patterns_overlap_if_some_signal_matches_both(one in pattern(), two in pattern()) {
        let both = signals().any(|signal| one.matches(&signal) && two.matches(&signal));
        prop_assert_eq!(one.overlaps(&two), both);
        prop_assert_eq!(two.overlaps(&one), both);
    }

    #[test]
    fn a_pattern_covers_another_if_it_matches_all_of_its_signals(one in pattern(), two in pattern()) {
        let all = signals().all(|signal| one.matches(&signal) || !two.matches(&signal));
        prop_assert_eq!(one.covers(&two), all);
    }
}

#[test]
fn a_pattern_is_made_of_names_strings_and_any() {
    let patterns = [
        Pattern::from(("*", "Find", "Portal")),
        Pattern::from((ANY, String::from("Find"), "Portal")),
        Pattern::new(ANY, "Find", String::from("Portal")),
    ];
    assert!(patterns.iter().all(|pattern| *pattern == patterns[0]));
    assert_eq!(patterns[0].to_string(), "{*,Find,Portal}");
}

#[test]
#[should_panic(expected = "write `ANY`")]
fn an_empty_part_is_refused_and_not_taken_for_any() {
    // B12: in the original, what is missing in a pattern matches everything.
    let _ = Pattern::from(("User", "", "Portal"));
}
