use serde_json::json;

use super::*;

fn one(text: &str) -> Node {
    let mut documents = parse(text).unwrap();
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn at(line: usize, column: usize) -> Position {
    Position { line, column }
}

#[test]
fn every_name_and_value_knows_its_place() {
    let document = one("a:\n  - b: 1\n    ccc: [x, yy]\n");
    let item = &document.get("a").unwrap().items()[0];
    assert_eq!(item.member("ccc").unwrap().at, at(3, 5));
    assert_eq!(item.get("ccc").unwrap().items()[1].at, at(3, 14));
    assert_eq!(document.to_value(), json!({"a": [{"b": 1, "ccc": ["x", "yy"]}]}));
}

#[test]
fn json_is_read_with_its_places_whatever_indents_it() {
    let document = one("{\n\t\"a\": [\n\t\t1,\n\t\t2.5\n\t],\n\t\"x\": \"\\u00e9\\/\"\n}");
    assert_eq!(document.member("x").unwrap().at, at(6, 2));
    assert_eq!(document.to_value(), json!({"a": [1, 2.5], "x": "é/"}));
}

#[test]
fn a_repeated_name_stays_in_the_json() {
    assert_eq!(
        one("a: 1\nb: {c: 1, c: x}\na: 2\n").to_json(),
        r#"{"a":1,"b":{"c":1,"c":"x"},"a":2}"#
    );
}

#[test]
fn every_document_of_a_stream_is_read() {
    let documents = parse("a: 1\n---\nb: 2\n---\n").unwrap();
    let values: Vec<_> = documents.iter().map(Node::to_value).collect();
    assert_eq!(values, [json!({"a": 1}), json!({"b": 2}), json!(null)]);
    assert_eq!(parse("").unwrap(), []);
}

#[test]
fn a_literal_block_tells_where_its_content_begins() {
    let document = one("a:\n  b: |\n    {\n      \"x\": 1\n    }\nc: |-\n\n\n  text\n");
    for (path, begin) in [(&["a", "b"][..], at(3, 5)), (&["c"], at(7, 3))] {
        let Kind::Text { block, .. } = &document.path(path).unwrap().kind else { panic!() };
        assert_eq!(*block, Some(begin), "{path:?}");
    }
}

#[test]
fn aliases_are_followed_within_bounds() {
    assert_eq!(one("a: &x {b: 1}\nc: *x\n").to_value(), json!({"a": {"b": 1}, "c": {"b": 1}}));
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let before = format!("*a{}", n - 1);
        laughs += &format!("a{n}: &a{n} [{}]\n", vec![before; 10].join(", "));
    }
    assert!(parse(&laughs).unwrap_err().problem.contains("too many values"));
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(parse(&deep).is_err());
}

#[test]
fn what_is_no_yaml_is_an_error_at_its_place() {
    assert_eq!(parse("a: [1\nb: 2").unwrap_err().at.line, 2);
    assert!(parse("a: .inf").unwrap_err().problem.contains("JSON"));
    assert!(parse("? [a]\n: 1\n").is_err());
}

#[test]
fn a_member_that_envoy_ignores_is_not_there_and_its_anchors_are() {
    let document = one("!ignore held: &held {b: 1}\na: *held\n!other c: 2\n");
    assert_eq!(document.to_value(), json!({"a": {"b": 1}, "c": 2}));
}
