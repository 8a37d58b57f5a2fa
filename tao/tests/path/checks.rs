//! Each check finds what it is for, and nothing where that is not.

use trine_tao::path::{Check, Checks, Document, Level, Problem};

fn found(text: &str) -> Vec<Problem> {
    let document = Document::read("a.tao", text);
    assert_eq!(document.problems(), []);
    Checks::new().of(&[&document])
}

/// The kinds of problems, and the lines of what is involved.
fn kinds(text: &str) -> Vec<(Check, Vec<usize>)> {
    let lines = |problem: &Problem| {
        problem
            .marks
            .iter()
            .filter_map(|mark| mark.origin.place())
            .map(|place| place.line)
            .collect()
    };
    found(text).iter().map(|problem| (problem.check, lines(problem))).collect()
}

fn path(rows: &str) -> String {
    format!("path \"A\" {{{rows}}}\n")
}

#[test]
fn the_documents_of_the_seed_have_nothing_to_complain_of() {
    for (name, text) in [("flat.md", crate::language::FLAT), ("b.md", crate::language::BOOTSTRAP)] {
        let document = Document::read(name, text);
        let problems = Checks::new().of(&[&document]);
        assert_eq!(problems, [], "{name}");
    }
}

#[test]
fn a_signal_that_is_chained_to_or_set_and_that_nothing_handles_is_an_unhandled_edge() {
    let chained = path("\n\"go\" {A,B,C} =>\n=> {A,D,C}\n");
    assert_eq!(kinds(&chained), [(Check::UnhandledEdge, vec![3, 2])]);
    let set = path("\n\"go\" {A,B,C}\n");
    assert_eq!(kinds(&set), [(Check::UnhandledEdge, vec![2])]);
    let gate_only = path("\n\"go\" {A,B,C} =>!\n");
    assert_eq!(kinds(&gate_only)[0].0, Check::UnhandledEdge, "an intercept is no reaction");
    let wild = path("\n\"go\" {A,B,C} =>\n=> {A,D,C}\n{*,D,*} =>\n");
    assert_eq!(kinds(&wild), [], "a wild row handles it");
    let answer = "path \"A\" answers {A,D,C} {\n\"go\" {A,B,C} =>\n=> {A,D,C}\n}\n";
    assert_eq!(kinds(answer), [], "whoever asks handles it");
}

#[test]
fn a_handler_whose_signals_never_come_about_is_dead() {
    let dead = path("\n\"go\" {A,B,C} =>\n{X,Y,Z} =>\n{*,Fial,*} =>\n");
    assert_eq!(kinds(&dead), [(Check::DeadHandler, vec![3]), (Check::DeadHandler, vec![4])]);
    let alive = path("\n\"go\" {A,B,C} =>\n{*,B,*} =>/\n");
    assert_eq!(kinds(&alive), []);
}

#[test]
fn a_row_to_which_nothing_leads_is_unreachable() {
    let branch = path("\n\"go\" {A,B,C} =>\n\\1a:=> {A,D,C} =>\n\\=> {A,E,C} =>\n");
    let found = kinds(&branch);
    assert!(found.contains(&(Check::UnreachableRow, vec![3])), "{found:?}");
    assert!(found.contains(&(Check::UnreachableRow, vec![4])), "{found:?}");
    let referred =
        path("\n\"go\" {A,B,C} => \"else [^1a]\"\n\\1a:=> {A,D,C} =>\n\\=> {A,E,C} =>\n");
    assert_eq!(kinds(&referred), []);
}

#[test]
fn labels_and_names_are_defined_and_are_so_once() {
    let undefined =
        path("\n\"go\" {A,B,C} =>[^x] \"or [^y]\"\n\"on\" {A,C,C} ->[Nowhere]\n\"o\" {A,C,C} =>\n");
    let found = kinds(&undefined);
    assert_eq!(
        found.iter().filter(|(check, _)| *check == Check::UndefinedLabel).count(),
        3,
        "{found:?}"
    );
    let twice = path("\n\"go\" {A,B,C} =>[^x]\n\\x:=> {A,D,C} =>\n\\x:=> {A,E,C} =>\n");
    assert!(kinds(&twice).contains(&(Check::DuplicateLabel, vec![4, 3])));
    let names = format!("{}{}", path("\n\"go\" {A,B,C} =>\n"), path("\n\"go\" {A,B,C} =>\n"));
    assert_eq!(kinds(&names), [(Check::DuplicateLabel, vec![4, 1])]);
    let link = path("\n\"go\" {A,B,C} => \"see [the manual](https://example.org)\"\n");
    assert_eq!(kinds(&link), [], "a link may lead anywhere");
    let ambiguous = "path \"A\" {\n\"go\" {A,B,C} =>[^x]\n}\npath \"B\" {\nx:=> {A,D,C} =>\n}\npath \"C\" {\nx:=> {A,E,C} =>\n}\n";
    assert_eq!(kinds(ambiguous), [(Check::DuplicateLabel, vec![2, 5])]);
}

#[test]
fn a_request_is_answered_on_every_branch_or_says_where_it_is_not() {
    let request =
        |rows: &str| format!("path \"Get\" answers {{U,View,P}} | {{U,Fail,P}} {{\n{rows}\n}}\n");
    let all = request(
        "\"ask\" {U,Find,P} => \"there [^a], not [^b]\"\n\\a:=> {U,View,P}\n\\b:=> {U,Fail,P}",
    );
    assert_eq!(kinds(&all), []);
    let some = request(
        "\"ask\" {U,Find,P} => \"there [^a], not [^b]\"\n\\a:=> {U,View,P}\n\\b:=> {U,Weep,P} =>",
    );
    assert_eq!(kinds(&some), [(Check::UnansweredRequest, vec![2, 4])]);
    let beside = request("\"ask\" {U,Find,P} =>\n=> {U,View,P}\n+=> {U,Count,P} =>");
    assert_eq!(kinds(&beside), [], "what else happens matters not");
    let circle = request("\"ask\" {U,Find,P} =>/\n/=> {U,Find2,P} =>/[^x]\nx:/=> {U,Find,P} =>/");
    assert!(
        kinds(&circle).iter().any(|(check, _)| *check == Check::UnansweredRequest),
        "a circle is no answer"
    );
    let redirected =
        request("\"ask\" {U,Find,P} =>?[^b]\n{U,Find,P} =>\n=> {U,View,P}\n\\b:=> {U,Weep,P} =>");
    assert_eq!(kinds(&redirected), [(Check::UnansweredRequest, vec![2, 5])]);
    let halted = request("\"ask\" {U,Find,P} =>!\n{U,Find,P} =>\n=> {U,View,P}");
    assert_eq!(kinds(&halted), [], "whoever asks learns of a halt");
}

#[test]
fn a_circle_in_line_needs_a_bound_or_an_async_handler() {
    let circle = |mode: &str| {
        path(&format!("\n\"go\" {{A,B,C}} =>\nx:=> {{A,D,C}} =>\n=> {{A,E,C}} {mode}\n"))
    };
    let found = kinds(&circle("=>[^x]"));
    assert!(found.contains(&(Check::InlineCycle, vec![3, 4])), "{found:?}");
    assert!(
        kinds(&circle("=>*[^x]")).iter().any(|(check, _)| *check == Check::InlineCycle),
        "no bound"
    );
    assert!(kinds(&circle("=>*3[^x]")).iter().all(|(check, _)| *check != Check::InlineCycle));
    assert!(kinds(&circle("=>/[^x]")).iter().all(|(check, _)| *check != Check::InlineCycle));
    let own_signal = path("\n\"go\" {A,B,C} =>\nx:=> {A,D,C} =>\n{*,*,*} =>[^x]\n");
    let found = kinds(&own_signal);
    assert!(
        found.contains(&(Check::InlineCycle, vec![4])),
        "a wild handler hears what it chains to: {found:?}"
    );
}

#[test]
fn intercepts_that_may_redirect_the_same_signal_overlap() {
    let rows = |one: &str, two: &str| {
        path(&format!("\n\"go\" {{A,B,C}} =>\nx:=> {{A,Fail,C}} =>\n{one}\n{two}\n"))
    };
    let both = rows("{A,*,*} =>?[^x]", "{*,B,*} =>?![^x]");
    assert!(kinds(&both).contains(&(Check::OverlappingRedirects, vec![5, 4])));
    let halts = rows("{A,*,*} =>?[^x]", "{*,B,*} =>!");
    assert!(
        kinds(&halts).iter().all(|(check, _)| *check != Check::OverlappingRedirects),
        "halts agree"
    );
    let apart = rows("{A,B,*} =>?[^x]", "{A,Fail,*} =>?[^x]");
    assert!(kinds(&apart).iter().all(|(check, _)| *check != Check::OverlappingRedirects));
    let sets = rows("{A|X,B,*} =>?[^x]", "{*,*,B|C} =>?[^x]");
    assert!(kinds(&sets).iter().any(|(check, _)| *check == Check::OverlappingRedirects));
}

#[test]
fn a_wild_row_is_shadowed_by_a_wider_one_of_its_phase() {
    let shadowed = path("\n\"go\" {A,B,C} =>\n{*,B,*} =>/\n{*,*,*} =>/\n");
    assert_eq!(kinds(&shadowed), [(Check::ShadowedWildcard, vec![3, 4])]);
    assert_eq!(kinds(&path("\n\"go\" {A,B,C} =>\n{*,B,*} =>/\n{*,*,*} =>!\n")), []);
    assert_eq!(
        kinds(&path("\n\"go\" {A,B,C} =>\n{*,B,*} =>/\n{A,*,*} =>/\n")),
        [],
        "neither is wider"
    );
}

#[test]
fn a_name_that_the_space_does_not_have_is_outside_of_it_and_the_nearest_one_is_told() {
    let text = format!(
        "space {{\nterms App, User\norients Portal\n}}\n{}",
        path("\n\"go\" {Usre,B,Portal} =>\n=> {App,B,Admin} =>\n")
    );
    let found = found(&text);
    let told: Vec<_> = found.iter().map(|problem| (problem.check, problem.help.as_str())).collect();
    assert_eq!(
        told,
        [
            (Check::OutOfSpace, "did you mean `User`?"),
            (Check::OutOfSpace, "add `Admin` to the orients of the space"),
        ]
    );
}

#[test]
fn a_path_goes_nowhere_if_it_has_no_rows_or_never_ends() {
    assert_eq!(kinds(&path("\n")), [(Check::GoesNowhere, vec![1])]);
    let endless = path("\n\"go\" {A,B,C} =>/\nx:/=> {A,D,C} =>/[^x]\n");
    assert_eq!(kinds(&endless), [(Check::GoesNowhere, vec![1])]);
    assert_eq!(kinds(&path("\n\"go\" {A,B,C} =>/\nx:/=> {A,D,C} =>/[^x]\n{A,D,C} =>\n")), []);
}

#[test]
fn a_chain_leads_to_a_signal_that_is_not_wild() {
    let chained = path("\n\"go\" {A,B,C} =>\n=> {*,D,C} =>\n");
    assert!(kinds(&chained).contains(&(Check::WildSignal, vec![3])));
    let referred = path("\n\"go\" {A,B,C} =>[^x]\nx: {A,*,C} =>\n");
    assert!(kinds(&referred).iter().any(|(check, _)| *check == Check::WildSignal));
}

#[test]
fn each_check_can_be_allowed_warned_of_or_denied() {
    let document = Document::read("a.tao", &path("\n\"go\" {A,B,C} =>\n{X,Y,Z} =>\n"));
    let level = |level| Checks::new().level(Check::DeadHandler, level).of(&[&document]);
    assert_eq!(level(Level::Allow), []);
    assert_eq!(level(Level::Warn)[0].level, Level::Warn);
    assert_eq!(level(Level::Deny)[0].level, Level::Deny);
    for check in Check::ALL {
        assert_eq!(
            (Check::named(check.name()), Check::named(check.code())),
            (Some(*check), Some(*check))
        );
    }
}

#[test]
fn references_lead_from_one_document_to_another() {
    let one = Document::read("one.tao", "path \"One\" {\n\"go\" {A,B,C} =>[Two]\n}\n");
    let two = Document::read("two.tao", "path \"Two\" {\n=> {A,D,C} =>\n}\n");
    assert_eq!(Checks::new().of(&[&one, &two]), []);
    assert_eq!(Checks::new().of(&[&one])[0].check, Check::UndefinedLabel);
}
