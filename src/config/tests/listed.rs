//! The list of tenants, which is read from its text: that makes no difference
//! to what is told.

use super::*;
use crate::json::JsonError;

/// A document of which the list of tenants is this text.
fn text_of(tenants: &str) -> String {
    let rest = json!({"version": 1, "routes": [{"match": {"path": "/**"}}]}).to_string();
    format!("{},\n \"tenants\": {tenants}}}", &rest[..rest.len() - 1])
}

fn told(text: &str) -> Vec<String> {
    let errors = load_text(text.as_bytes()).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_no_json_in_a_tenant_is_told_alone_and_where_it_is() {
    for entry in [r#"{"id":"\ud800"}"#, r#"{"id":1e400}"#, r#"{"id":"a","x":tru}"#] {
        let text = text_of(&format!("[{{}}, {entry}]"));
        // As of a document that is read as a whole.
        let Err(JsonError::Syntax { line, column, .. }) = crate::json::parse(text.as_bytes())
        else {
            panic!("{entry} was read");
        };
        assert_eq!(line, 2);
        let said = told(&text);
        assert_eq!(said.len(), 1, "{said:?}");
        let place = format!("document: line {line} column {column}: not valid JSON");
        assert!(said[0].starts_with(&place), "{said:?}");
    }
    let deep = format!("[{}{}]", "[".repeat(1_000), "]".repeat(1_000));
    assert!(told(&text_of(&deep))[0].contains("nested too deep"));
}

#[test]
fn a_name_given_twice_is_told_with_its_place_and_the_first_counts() {
    let said = told(&text_of(
        r#"[{"id":"a"},{"id":"b","clients":[{"id":"c","id":"d","keys":[{"id":"k","nope":1,"id":""}]}]}]"#,
    ));
    let place = "tenants[1].clients[0]";
    assert!(said.contains(&format!("{place}.id: is there twice; keep one of them")), "{said:?}");
    assert!(said.contains(&format!("{place}.keys[0].id: is there twice; keep one of them")));
    assert!(said.iter().any(|line| line.starts_with(&format!("{place}.keys[0].nope: unknown"))));
    assert!(!said.iter().any(|line| line.contains("must not be empty")), "{said:?}");
}

#[test]
fn a_second_list_is_told_and_looked_through_too() {
    let list = r#"[{"id":"a"}], "tenants": [{"id":"b","id":"c"}]"#;
    assert_eq!(
        told(&text_of(list)),
        [
            "tenants[0].id: is there twice; keep one of them",
            "tenants: is there twice; keep one of them"
        ]
    );
}

#[test]
fn the_name_of_the_list_may_be_spelled_with_escapes() {
    let spelled = |text: String| text.replacen(" \"tenants\"", r#" "\u0074enants""#, 1);
    let text = spelled(text_of(r#"[{"id":"a"},{"id":"a"}]"#));
    assert!(text.contains(r"\u0074"));
    assert_eq!(told(&text), ["tenants[1].id: is the id or alias of tenants[0] already"]);
    let twice = spelled(text_of(r#"[{"id":"a"}], "tenants": [{"id":"b"}]"#));
    assert_eq!(told(&twice), ["tenants: is there twice; keep one of them"]);
}

#[test]
fn what_is_no_list_is_told_as_ever() {
    for other in ["{}", "null", "1", "\"a\"", "true"] {
        assert_eq!(told(&text_of(other)), ["tenants: must be a list"], "{other}");
    }
}

#[test]
fn what_is_wrong_with_names_and_digests_comes_after_all_that_is_read() {
    let digest = digest(1);
    let keys = format!(r#"[{{"id":"k","sha256":"{digest}"}},{{"id":"l","sha256":"{digest}"}}]"#);
    let tenant = format!(r#"{{"id":"a","clients":[{{"id":"c","keys":{keys}}}]}}"#);
    let text = text_of(&format!(r#"[{tenant},{{"id":"a"}}], "zebra": 1"#));
    let said = told(&text);
    let places: Vec<&str> = said.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["zebra", "tenants[1].id", "tenants[0].clients[0].keys[1]"], "{said:?}");
}
