//! From the core's shapes to JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tenant_guard::{Code, HowMany, ObjectShape, Rule, Shape};

use super::{form, text};

/// The schema of a shape, in draft 07, which editors know best.
///
/// Every object of the guard's own is a definition by its name; beside a
/// reference that draft allows nothing, so descriptions stand around it.
pub(super) fn schema(title: &str, shape: &Shape) -> Value {
    let mut definitions = Definitions::default();
    let mut schema = match shape {
        Shape::Object(object) => definitions.object(object),
        other => definitions.of(other),
    };
    schema.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
    schema.insert("title".into(), title.into());
    let known = definitions.0.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    schema.insert("definitions".into(), Value::Object(known.collect()));
    Value::Object(schema)
}

/// Objects by name.
#[derive(Default)]
struct Definitions(BTreeMap<&'static str, Value>);

impl Definitions {
    fn of(&mut self, shape: &Shape) -> Map<String, Value> {
        let schema = match shape {
            Shape::Null => json!({"type": "null"}),
            Shape::Flag => json!({"type": "boolean"}),
            Shape::Number => json!({"type": "number"}),
            Shape::Count { least, most: Some(most) } if least == most => json!({"const": least}),
            Shape::Count { least, most: Some(most) } => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Shape::Count { least, most: None } => json!({"type": "integer", "minimum": least}),
            Shape::Text(form) => return form::text(*form),
            Shape::Words(words) => json!({"type": "string", "enum": words}),
            Shape::List { items, least } => {
                let mut list = json!({"type": "array", "items": self.of(items)});
                if let (Some(list), true) = (list.as_object_mut(), *least > 0) {
                    list.insert("minItems".into(), (*least).into());
                }
                list
            }
            Shape::Entries { names, values } => self.entries(names, values),
            Shape::Object(object) => {
                if !self.0.contains_key(object.name) {
                    // Known before it is made, should it hold itself.
                    self.0.insert(object.name, Value::Null);
                    let schema = Value::Object(self.object(object));
                    self.0.insert(object.name, schema);
                }
                reference(object.name)
            }
            Shape::KeySet => {
                self.0.entry("key_set").or_insert_with(key_set);
                reference("key_set")
            }
            Shape::AnyOf(shapes) => {
                let shapes: Vec<_> = shapes.iter().map(|shape| self.of(shape)).collect();
                json!({"anyOf": shapes})
            }
        };
        into_map(schema)
    }

    fn entries(&mut self, names: &Shape, values: &Shape) -> Value {
        let values = self.of(values);
        if let Shape::Words(words) = names {
            let entry = |word: &&str| {
                let mut schema = values.clone();
                if let Some(code) = Code::parse(word) {
                    schema.insert("description".into(), code.detail().into());
                }
                ((*word).to_owned(), Value::Object(schema))
            };
            let properties: Map<String, Value> = words.iter().map(entry).collect();
            return json!({
                "type": "object",
                "properties": properties,
                "additionalProperties": false,
            });
        }
        let mut names = self.of(names);
        // Names are always text.
        names.remove("type");
        let mut schema = json!({"type": "object", "additionalProperties": values});
        if let (Some(schema), false) = (schema.as_object_mut(), names.is_empty()) {
            schema.insert("propertyNames".into(), Value::Object(names));
        }
        schema
    }

    fn object(&mut self, object: &ObjectShape) -> Map<String, Value> {
        let about = text::object(object.name);
        let mut properties = Map::new();
        for field in &object.fields {
            let mut schema = self.of(&field.shape);
            if schema.contains_key("$ref") {
                schema = into_map(json!({"allOf": [schema]}));
            }
            if let Some(text) = about.and_then(|about| about.field(field.name)) {
                schema.insert("description".into(), text.about.into());
                let default = text.default.and_then(|default| serde_json::from_str(default).ok());
                schema.extend(default.map(|default: Value| ("default".to_owned(), default)));
            }
            properties.insert(field.name.to_owned(), Value::Object(schema));
        }
        let required: Vec<&str> =
            object.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let mut schema = into_map(json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        }));
        if let Some(about) = about {
            schema.insert("description".into(), about.about.into());
        }
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        if !object.rules.is_empty() {
            schema.insert("allOf".into(), object.rules.iter().map(rule).collect());
        }
        schema
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

fn rule(rule: &Rule) -> Value {
    let fields = rule.fields.iter();
    match rule.how_many {
        HowMany::ExactlyOne => json!({"oneOf": fields.map(requires).collect::<Vec<_>>()}),
        HowMany::AtLeastOne => json!({"anyOf": fields.map(requires).collect::<Vec<_>>()}),
        HowMany::AtMostOne => {
            let pairs = fields.enumerate().flat_map(|(index, first)| {
                let others = rule.fields.iter().skip(index.saturating_add(1));
                others.map(move |second| json!({"required": [first, second]}))
            });
            json!({"not": {"anyOf": pairs.collect::<Vec<_>>()}})
        }
    }
}

fn requires(field: &&'static str) -> Value {
    json!({"required": [field]})
}

/// Keys hold whatever their issuer puts there.
fn key_set() -> Value {
    let about = text::object("key_set");
    let keys = about.and_then(|about| about.field("keys"));
    json!({
        "type": "object",
        "description": about.map(|about| about.about),
        "properties": {
            "keys": {
                "type": "array",
                "items": {"type": "object"},
                "description": keys.map(|keys| keys.about),
            },
        },
        "required": ["keys"],
    })
}

fn into_map(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
