//! Whether the texts and the shapes are about the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Kind, schema, text};

/// Every object of both schemas, by name, with the names of its fields.
fn objects() -> BTreeSet<(String, String)> {
    let mut fields = BTreeSet::new();
    for (kind, root) in [(Kind::Plugin, "document"), (Kind::Directory, "directory_document")] {
        let schema = schema(kind);
        let definitions = schema["definitions"].as_object().unwrap();
        let known = definitions.iter().map(|(name, object)| (name.as_str(), object));
        for (name, object) in known.chain([(root, &schema)]) {
            let properties = object["properties"].as_object().unwrap();
            fields.extend(properties.keys().map(|field| (name.to_owned(), field.clone())));
        }
    }
    fields
}

#[test]
fn every_field_has_a_text_and_every_text_a_field() {
    let told: Vec<(String, String)> = text::objects()
        .flat_map(|object| object.fields.iter().map(|f| (object.name.into(), f.name.into())))
        .collect();
    let distinct: BTreeSet<(String, String)> = told.iter().cloned().collect();
    assert_eq!(distinct.len(), told.len(), "a field is told of twice");
    let fields = objects();
    let missing: Vec<_> = fields.difference(&distinct).collect();
    let left_over: Vec<_> = distinct.difference(&fields).collect();
    assert!(
        missing.is_empty() && left_over.is_empty(),
        "no text: {missing:?}; no field: {left_over:?}"
    );
    assert!(fields.len() > 200, "only {} fields", fields.len());
}

#[test]
fn texts_are_sentences() {
    for object in text::objects() {
        let texts = object.fields.iter().map(|field| field.about).chain([object.about]);
        for text in texts {
            assert!(text.ends_with('.'), "{}: {text}", object.name);
            assert!(text.len() < 300, "{} characters: {text}", text.len());
        }
    }
}

#[test]
fn every_property_is_described_at_every_depth() {
    fn walk(schema: &Value, path: &str) {
        match schema {
            Value::Object(map) => {
                for (name, part) in map {
                    if name == "properties" {
                        for (field, property) in part.as_object().unwrap() {
                            assert!(property["description"].is_string(), "{path}.{field}");
                        }
                    }
                    walk(part, &format!("{path}/{name}"));
                }
            }
            Value::Array(list) => list.iter().for_each(|part| walk(part, path)),
            _ => {}
        }
    }
    walk(&schema(Kind::Plugin), "");
    walk(&schema(Kind::Directory), "");
}

#[test]
fn defaults_are_json() {
    for object in text::objects() {
        for field in object.fields {
            if let Some(default) = field.default {
                let parsed: Result<Value, _> = serde_json::from_str(default);
                assert!(parsed.is_ok(), "{}.{}: {default}", object.name, field.name);
            }
        }
    }
}
