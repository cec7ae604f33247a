//! The defaults that the schema tells are the guard's.

use serde_json::Value;
use tenant_guard_cli::schema::{Kind, schema};

use super::documents::{full, load, places, with, without};

/// The parts of a schema that are about the same value.
fn parts<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let referred = schema["$ref"].as_str().and_then(|to| root.pointer(to.strip_prefix('#')?));
    let groups = ["allOf", "anyOf"].into_iter();
    let within = groups.flat_map(|group| schema[group].as_array().into_iter().flatten());
    let more = referred.into_iter().chain(within).flat_map(|part| parts(root, part));
    core::iter::once(schema).chain(more).collect()
}

/// The default of what is at a place.
fn default<'s>(root: &'s Value, place: &str) -> Option<&'s Value> {
    let mut schemas = vec![root];
    for name in place.split('/').skip(1) {
        let within = schemas.into_iter().flat_map(|schema| parts(root, schema));
        let next = within.filter_map(|part| {
            part["properties"].get(name).or_else(|| {
                let is_index = name.bytes().all(|byte| byte.is_ascii_digit());
                if is_index { part.get("items") } else { part.get("additionalProperties") }
            })
        });
        schemas = next.collect();
    }
    schemas.into_iter().find_map(|schema| schema.get("default"))
}

/// The guard in lines, sorted, since tables by hash have no order.
fn loaded(document: &Value) -> Option<Vec<String>> {
    let guard = load(document).ok()?;
    let mut lines: Vec<String> = format!("{guard:#?}").lines().map(str::to_owned).collect();
    lines.sort();
    Some(lines)
}

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let schema = schema(Kind::Plugin);
    let mut met = 0;
    for document in full() {
        for place in places(&document) {
            let Some(default) = default(&schema, &place) else { continue };
            // Some must be there beside what else the document says.
            let Some(absent) = loaded(&without(document.clone(), &place)) else { continue };
            let written = loaded(&with(document.clone(), &place, default.clone()));
            assert!(written == Some(absent), "{place}: {default} isn't its default");
            met += 1;
        }
    }
    assert!(met > 60, "only {met} defaults");
}
