//! What is drawn: every kind of arrow by more than its colour, nothing over anything else, and nothing that could break out.

use trine_tao::path::{Document, Graph, Picture, Trace};

fn graph(text: &str) -> Graph {
    let document = Document::read("a.tao", text);
    assert_eq!(document.problems(), []);
    document.graph()
}

const ALL: &str = r#"
path "All" {
    "go"  {A, Begin, O} =>?![^f]          "may it?"
          {A, Begin, O} =>@5s[^f]~[^u]    "this way [^1a]"
                                          "that way [^1b]"
          {A, Begin, O} =>/
    /=>   {A, Aside, O} =>                "beside"
    \1a:=> {A, This, O} =>*3[^1b]
    \1b:=> {A, That, O} =>[^1a]
    \f:=>  {A, Fail, O} =>
    \u:=>  {A, Undo, O} =>
}
"#;

#[test]
fn each_kind_of_arrow_has_a_line_a_head_and_words_of_its_own() {
    let svg = Picture::of(&graph(ALL)).to_svg();
    for class in ["arrow branch", "arrow aside", "arrow gate", "arrow stops", "arrow late"] {
        assert!(svg.contains(&format!("class=\"{class}\"")), "{class}");
    }
    for words in
        ["async", "instead", "after 5s", "to undo", "again, at most 3 times", "this way", "halt"]
    {
        assert!(svg.contains(words), "{words}");
    }
    let style = &svg[svg.find("<style>").unwrap()..svg.find("</style>").unwrap()];
    assert!(style.contains("prefers-color-scheme:dark"));
    // Lines that differ in their dashes, so that no colour is needed.
    let dashes = |class: &str| {
        let rule = &style[style.find(class).unwrap()..];
        rule[..rule.find('}').unwrap()]
            .split_once("stroke-dasharray:")
            .map(|(_, dashes)| dashes.to_owned())
    };
    let all = [dashes(".tao .aside{"), dashes(".tao .gate{"), dashes(".tao .late{"), None];
    assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)), "{all:?}");
}

#[test]
fn mermaid_has_the_same_boxes_and_arrows() {
    let mermaid = Picture::of(&graph(ALL)).to_mermaid();
    for line in ["o-->|\"this way\"|", "-.->|\"async\"|", "--x", "([\"go\"])", "((halt))"] {
        assert!(mermaid.contains(line), "{line}: {mermaid}");
    }
}

#[test]
fn no_text_of_a_document_becomes_markup_of_a_picture() {
    let text = "path \"<script>\" {\n\"<b>\\\"&\" {A<,B,C} => \"x\"\n}";
    assert!(!Document::read("a.tao", text).problems().is_empty(), "such names are none");
    let graph = graph(
        "path \"<script>\" {\n\"a & b\u{1}\" {A&,B,C} => \"<img src=x> [^1]\"\n\\1:=> {A,C,C} => \"]]>\"\n}",
    );
    let picture = Picture::of(&graph);
    assert!(!picture.to_svg().contains("<script>") && !picture.to_svg().contains("<img"));
    assert!(
        !picture.to_svg().contains('\u{1}')
            && picture.to_svg().contains("{A&amp;,B,C}")
            && picture.to_svg().contains("a &amp; b")
    );
    assert!(!picture.to_mermaid().contains("<img"));
}

/// The numbers of an attribute, for each element of this kind and class.
fn rectangles(svg: &str, class: &str) -> Vec<[f64; 4]> {
    let wanted = format!("<rect class=\"{class}");
    let number = |element: &str, name: &str| -> f64 {
        let from = element.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
        element[from..from + element[from..].find('"').unwrap()].parse().unwrap()
    };
    svg.match_indices(&wanted)
        .map(|(at, _)| {
            let element = &svg[at..at + svg[at..].find("/>").unwrap()];
            ["x", "y", "width", "height"].map(|name| number(element, name))
        })
        .collect()
}

#[test]
fn no_box_lies_over_another_or_out_of_the_picture() {
    for text in [ALL.to_owned(), forest(30), forest(300)] {
        let svg = Picture::of(&graph(&text)).to_svg();
        let mut boxes = rectangles(&svg, "box");
        boxes.extend(rectangles(&svg, "trigger"));
        let apart = |one: &[f64; 4], two: &[f64; 4]| {
            one[0] + one[2] <= two[0]
                || two[0] + two[2] <= one[0]
                || one[1] + one[3] <= two[1]
                || two[1] + two[3] <= one[1]
        };
        for (at, one) in boxes.iter().enumerate() {
            assert!(one[0] >= 0.0 && one[1] >= 0.0);
            assert!(boxes[..at].iter().all(|two| apart(one, two)), "{one:?}");
        }
    }
}

/// A path of so many rows, with branches, circles, joins and forks.
fn forest(rows: usize) -> String {
    let mut text = String::from("path \"Forest\" {\n\"go\" {A, B0, O} => \"begin\"\n");
    for row in 1..rows {
        text.push_str(&match row % 5 {
            0 => format!("+=> {{A, B{row}, O}} =>/ \"beside\"\n"),
            1 => format!("=> {{A, B{row}, O}} => \"on, or [^l{}]\"\n", row / 5 * 5 + 3),
            3 => format!(
                "\\l{row}:=> {{A, B{row}, O}} => \"branch [^l{}]\"\n",
                (row * 7) % rows / 5 * 5 + 3
            ),
            4 => format!("=> {{A, B{row}, O}} =>?!\n     {{A, B{row}, O}} => \"gate\"\n"),
            _ => format!("=> {{A, B{row}, O}} => \"on\"\n"),
        });
    }
    text.push('}');
    text
}

#[test]
fn a_trace_says_at_each_arrow_how_often_how_long_and_what_failed() {
    let json = r#"{"cascades":[{"cascade":1,"ended":null,"dispatches":[
        {"dispatch":0,"signal":"{A,B0,O}","via":null,"fate":"proceeded","answers":[],"errors":[],"took":{"secs":0,"nanos":5000000}},
        {"dispatch":1,"signal":"{A,B1,O}","via":[0,{"phase":"inline","location":"a.rs:1:1","number":1}],"fate":"proceeded",
         "answers":[],"errors":[[null,"down"]],"took":{"secs":0,"nanos":12000000}}]}]}"#;
    let trace = Trace::from_json(json).unwrap();
    let mut graph = graph(&forest(4));
    assert_eq!(graph.lay_over(&trace), []);
    let svg = Picture::of(&graph).to_svg();
    assert!(
        svg.contains("1x, 12 ms, 1 FAILED") && svg.contains("1x, 5.0 ms") && svg.contains("never"),
        "{svg}"
    );
    let beside = r#"{"cascades":[{"cascade":1,"ended":null,"dispatches":[
        {"dispatch":0,"signal":"{A,B0,O}","via":null,"fate":"proceeded","answers":[],"errors":[],"took":null},
        {"dispatch":1,"signal":"{X,Y,Z}","via":[0,{"phase":"inline","location":"a.rs:1:1","number":1}],"fate":"unhandled",
         "answers":[],"errors":[],"took":null}]}]}"#;
    let beside = graph.lay_over(&Trace::from_json(beside).unwrap());
    assert_eq!(beside[0].2.to_string(), "{X,Y,Z}");
}

#[test]
fn a_path_alone_has_links_to_the_paths_that_it_goes_on_in() {
    let graph = Document::read("b.md", crate::language::BOOTSTRAP).graph();
    let svg = Picture::of_path(&graph, 0).to_svg();
    assert!(svg.contains("elsewhere") && svg.contains("Bootstrap User Session"));
    assert!(!svg.contains("{Session,Create,Portal}"));
}
