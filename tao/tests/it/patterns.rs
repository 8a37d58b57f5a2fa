//! Patterns against brute force over a small world.

use proptest::prelude::*;
use trine_tao::{ANY, Part, Pattern, Text, Trigram};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn part() -> impl Strategy<Value = Part> {
    let set = prop::collection::vec(prop::sample::select(&NAMES[..]), 1..=3);
    prop_oneof![
        2 => Just(Part::from("*")),
        3 => prop::sample::select(&NAMES[..]).prop_map(Part::from),
        3 => set.prop_map(|names| Part::from(names.into_iter().map(Text::from).collect::<Vec<_>>())),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    (part(), part(), part()).prop_map(Pattern::from)
}

/// Every signal that three names can make, and a fourth that no pattern names: it tells a set of all the three from `*`.
fn signals() -> impl Iterator<Item = Trigram> {
    let names = || NAMES.into_iter().chain(["other"]);
    names().flat_map(move |t| {
        names().flat_map(move |a| names().map(move |o| Trigram::new(t, a, o).unwrap()))
    })
}

proptest! {
    #[test]
    fn a_pattern_matches_what_its_text_says(pattern in pattern()) {
        let text = pattern.to_string();
        let parts: Vec<_> = text.trim_matches(['{', '}']).split(',').collect();
        for signal in signals() {
            let own = [signal.term(), signal.action(), signal.orient()];
            let expected = parts.iter().zip(own).all(|(part, name)| {
                *part == "*" || part.split('|').any(|part| *name == part)
            });
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

    #[test]
    fn patterns_meet_in_the_signals_that_match_both(one in pattern(), two in pattern()) {
        let meet = one.meet(&two);
        for signal in signals() {
            let both = one.matches(&signal) && two.matches(&signal);
            prop_assert_eq!(meet.as_ref().is_some_and(|meet| meet.matches(&signal)), both);
        }
        prop_assert_eq!(meet.is_some(), one.overlaps(&two));
        prop_assert_eq!(&meet, &two.meet(&one));
        if let Some(meet) = meet {
            prop_assert!(one.covers(&meet) && two.covers(&meet));
            prop_assert_eq!(one.covers(&two), meet == two);
        }
    }

    #[test]
    fn patterns_are_equal_if_they_match_the_same(one in pattern(), two in pattern()) {
        let same = signals().all(|signal| one.matches(&signal) == two.matches(&signal));
        prop_assert_eq!(one == two, same);
        prop_assert_eq!(one == two, one.covers(&two) && two.covers(&one));
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
fn a_list_of_names_means_any_of_them_whatever_their_order_and_number() {
    let pattern = Pattern::from((["User", "Space", "User"], ["Find"], ["Portal", "*"]));
    assert_eq!(pattern, Pattern::from((["Space", "User"], "Find", ANY)));
    assert_eq!(pattern.to_string(), "{Space|User,Find,*}");
    let one = Pattern::from((["User"], "Find", "Portal"));
    assert_eq!(one.trigram(), Some(Trigram::new("User", "Find", "Portal").unwrap()));
    assert_eq!(pattern.trigram(), None);
}

#[test]
#[should_panic(expected = "write `ANY`")]
fn an_empty_list_is_refused_and_not_taken_for_any() {
    let _ = Pattern::from((<[&str; 0]>::default(), "Find", "Portal"));
}

#[test]
#[should_panic(expected = "write `ANY`")]
fn b12_an_empty_part_is_refused_and_not_taken_for_any() {
    // B12: in the original, what is missing in a pattern matches everything.
    let _ = Pattern::from(("User", "", "Portal"));
}
