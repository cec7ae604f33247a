//! Writes a document as YAML that people read and go on writing.

use core::fmt::Write;

use serde_json::Value;

use super::tree::{Entry, Map, Remark, Tree};
use crate::escape;

/// How long a line gets.
const WIDTH: usize = 96;

/// The fields of a document, with their comments.
pub(crate) fn write(map: &Map) -> String {
    let mut out = String::new();
    write_map(&mut out, map, 0, false);
    out
}

/// A comment of several lines.
pub(crate) fn write_comment(out: &mut String, indent: usize, first: &str, text: &str) {
    let mut line = format!("{:indent$}# {first}", "");
    let mut empty = first.is_empty();
    for word in text.split_whitespace() {
        let length = line.chars().count().saturating_add(word.chars().count());
        if !empty && length >= WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = format!("{:indent$}#  ", "");
        }
        if !line.ends_with("# ") {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(&line);
    out.push('\n');
}

fn write_remark(out: &mut String, indent: usize, remark: &Remark) {
    write_comment(out, indent, if remark.open { "DECIDE:" } else { "" }, &remark.text);
}

/// Writes the fields; the first one goes on in a line that was begun, if that
/// is so.
fn write_map(out: &mut String, map: &Map, indent: usize, begun: bool) {
    let mut begun = begun;
    for entry in &map.entries {
        for remark in &entry.remarks {
            if begun {
                // The dash stands alone.
                trim_line(out);
                out.push('\n');
                begun = false;
            }
            write_remark(out, indent, remark);
        }
        if let Some(tree) = &entry.tree {
            if !begun {
                let _ = write!(out, "{:indent$}", "");
            }
            begun = false;
            write_entry(out, entry, tree, indent);
        }
    }
}

fn write_entry(out: &mut String, entry: &Entry, tree: &Tree, indent: usize) {
    let name = scalar(&Value::from(entry.name.as_str()));
    let used = indent.saturating_add(name.chars().count()).saturating_add(2);
    match flow(tree).filter(|flow| fits(tree, used, flow)) {
        Some(flow) => {
            let _ = writeln!(out, "{name}: {flow}");
        }
        None => {
            let _ = writeln!(out, "{name}:");
            write_block(out, tree, indent.saturating_add(2));
        }
    }
}

fn write_block(out: &mut String, tree: &Tree, indent: usize) {
    match tree {
        Tree::Leaf(value) => {
            let _ = writeln!(out, "{:indent$}{}", "", scalar(value));
        }
        Tree::Map(map) => write_map(out, map, indent, false),
        Tree::List(items) => {
            for item in items {
                let _ = write!(out, "{:indent$}- ", "");
                let inner = indent.saturating_add(2);
                match (flow(item).filter(|flow| fits(item, inner, flow)), item) {
                    (Some(flow), _) => {
                        let _ = writeln!(out, "{flow}");
                    }
                    (None, Tree::Map(map)) => write_map(out, map, inner, true),
                    (None, _) => {
                        trim_line(out);
                        out.push('\n');
                        write_block(out, item, inner);
                    }
                }
            }
        }
    }
}

fn trim_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

/// Whether a value goes on in its line: what is one word always, a map of maps
/// never.
fn fits(tree: &Tree, used: usize, flow: &str) -> bool {
    let short = used.saturating_add(flow.chars().count()) <= WIDTH;
    match tree {
        Tree::Leaf(_) => true,
        Tree::List(items) => {
            let plain = items.iter().all(|item| !matches!(item, Tree::List(_)));
            items.is_empty() || short && plain && items.iter().filter(|i| is_map(i)).count() < 2
        }
        Tree::Map(map) => map.is_empty() || short,
    }
}

fn is_map(tree: &Tree) -> bool {
    matches!(tree, Tree::Map(_))
}

/// A value in one line; `None` where comments stand in it.
fn flow(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Leaf(value) => Some(scalar(value)),
        Tree::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(flow).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Tree::Map(map) => {
            let mut parts = Vec::new();
            for entry in &map.entries {
                if !entry.remarks.is_empty() {
                    return None;
                }
                if let Some(tree) = &entry.tree {
                    let name = scalar(&Value::from(entry.name.as_str()));
                    parts.push(format!("{name}: {}", flow(tree)?));
                }
            }
            Some(format!("{{{}}}", parts.join(", ")))
        }
    }
}

/// A scalar: plain where no reader of YAML takes it for anything but text, else
/// as JSON, which is YAML too (YAML 1.2.2, section 1.3).
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::String(text) => escape::json(&Value::from(text.as_str()).to_string()),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    // Words that YAML 1.1 takes for true, false or nothing.
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./*".contains(c));
    // Digests look alike with quotes, whatever they begin with.
    let short = text.len() < 64 || text.starts_with('/');
    first && rest && short && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Value {
        let documents = crate::source::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        documents[0].to_value()
    }

    #[test]
    fn comments_stand_above_their_fields() {
        let issuer = Map::default().with("issuer", "a").decide("whose?").with("n", 1);
        let routes: Tree = vec![
            Map::default().with("match", Map::default().with("path", "/healthz")).into(),
            Tree::from(issuer),
        ]
        .into();
        let map = Map::default()
            .with("version", 1)
            .open("tenants", "which?")
            .with("routes", routes)
            .note("in order")
            .with("from", [Map::default().with("query", "k")]);
        assert_eq!(
            write(&map),
            "version: 1\n# DECIDE: which?\n# in order\nroutes:\n  - {match: {path: /healthz}}\n  -\n    # DECIDE: whose?\n    issuer: a\n    \"n\": 1\nfrom: [{query: k}]\n"
        );
        assert_eq!(read(&write(&map)), map.to_value());
    }

    #[test]
    fn long_comments_go_on_in_the_next_line() {
        let text = "word ".repeat(60);
        let mut out = String::new();
        write_comment(&mut out, 2, "DECIDE:", &text);
        assert!(out.lines().all(|line| line.starts_with("  # ") && line.len() <= WIDTH));
        assert_eq!(out.matches("word").count(), 60);
        assert_eq!(out.matches("DECIDE:").count(), 1);
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Tree::from),
            "(true|No|ON|~|1e3|0x1|-|a: b|#|null|/\\*\\*|[a-z]{1,120})".prop_map(Tree::from),
            any::<bool>().prop_map(Tree::from),
            any::<u32>().prop_map(Tree::from),
            Just(super::super::tree::null()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::from),
                maps(inner).prop_map(Tree::from),
            ]
        })
    }

    fn maps(inner: impl Strategy<Value = Tree>) -> impl Strategy<Value = Map> {
        let entry = (any::<String>(), inner, 0..4u8);
        prop::collection::vec(entry, 0..4).prop_map(|entries| {
            let mut map = Map::default();
            for (index, (name, tree, remark)) in entries.into_iter().enumerate() {
                map = map.with(format!("{name}{index}"), tree);
                map = map.when(remark == 1, |map| map.decide("x y"));
                map = map.when(remark == 2, |map| map.open("only spoken of", "z"));
            }
            map
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(map in maps(trees())) {
            let text = write(&map);
            if !map.is_empty() {
                prop_assert_eq!(read(&text), map.to_value(), "{}", text);
            }
        }
    }
}
