//! The shapes of documents: their readers, asked to describe themselves.

use core::cell::OnceCell;
use std::rc::Rc;

use serde_json::Value;

use super::limits::LimitsSpec;
use super::node::{Context, Node};
use super::problem::Problems;
use super::shape::Shape;
use super::sketch::{Paper, Sketch};
use super::{Environment, Later, revoked, sections, tenants, vocabulary};
use crate::json::At;

impl Shape {
    /// What [`load`](crate::load) accepts.
    pub fn of_document() -> Self {
        describe(|node| {
            if let Some(object) = node.object("document") {
                sections(&object, LimitsSpec::default().headers, &Later::default());
            }
            vocabulary::read(node);
        })
    }

    /// What a directory of tenants is that is fetched.
    pub fn of_directory() -> Self {
        describe(|node| {
            if let Some(object) = node.object("directory_document") {
                object.required("version", |node| node.count_within(1, 1, "must be 1"));
                object.required("tenants", tenants::tenants);
                object.field("revoked", revoked::revoked);
            }
        })
    }
}

/// An environment without variables.
struct NoEnvironment;

impl Environment for NoEnvironment {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        None
    }
}

fn describe(read: impl FnOnce(Node<'_, '_>)) -> Shape {
    let (problems, sketch) = (Problems::default(), Sketch::default());
    let context = Context {
        problems: &problems,
        env: &NoEnvironment,
        development: false,
        vocabulary: Rc::default(),
        key_clusters: None,
        shared: OnceCell::new(),
        tenants: None,
    };
    let value = &Value::Null;
    read(Node { value, at: &At::ROOT, context: &context, paper: Paper::of(&sketch) });
    sketch.into_shape()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::directory;
    use crate::{FieldShape, ObjectShape};

    /// Every shape within a shape, by its path.
    fn walk(shape: &Shape, path: &str, seen: &mut Vec<(String, Shape)>) {
        seen.push((path.to_owned(), shape.clone()));
        match shape {
            Shape::List { items, .. } => walk(items, &format!("{path}[]"), seen),
            Shape::Entries { names, values } => {
                walk(names, &format!("{path}.name"), seen);
                walk(values, &format!("{path}.*"), seen);
            }
            Shape::Object(ObjectShape { fields, .. }) => {
                for FieldShape { name, shape, .. } in fields {
                    walk(shape, &format!("{path}.{name}"), seen);
                }
            }
            Shape::AnyOf(shapes) => {
                for shape in shapes {
                    walk(shape, path, seen);
                }
            }
            _ => {}
        }
    }

    fn all() -> Vec<(String, Shape)> {
        let mut seen = Vec::new();
        walk(&Shape::of_document(), "", &mut seen);
        walk(&Shape::of_directory(), "directory", &mut seen);
        seen
    }

    #[test]
    fn every_reader_says_what_it_accepts() {
        for (path, shape) in all() {
            assert_ne!(shape, Shape::AnyOf(Vec::new()), "{path} accepts nothing");
        }
    }

    #[test]
    fn objects_of_one_name_are_the_same_everywhere() {
        let mut known: BTreeMap<&str, ObjectShape> = BTreeMap::new();
        for (path, shape) in all() {
            if let Shape::Object(object) = shape {
                let same = known.entry(object.name).or_insert_with(|| object.clone());
                assert_eq!(*same, object, "{path}");
                assert!(!object.fields.is_empty(), "{path}");
            }
        }
        assert!(known.len() > 25, "only {} objects", known.len());
    }

    #[test]
    fn a_directory_has_the_fields_that_are_read_of_it() {
        let Shape::Object(object) = Shape::of_directory() else {
            panic!("no object");
        };
        let names: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
        assert_eq!(names, directory::FIELDS);
    }

    #[test]
    fn a_place_may_take_several_shapes() {
        let shapes = all();
        let shape = |path: &str| shapes.iter().find(|(at, _)| at == path).unwrap().1.clone();
        let Shape::AnyOf(trust) = shape(".tenancy.trust_header") else {
            panic!("one shape only");
        };
        assert_eq!(trust.len(), 2, "{trust:?}");
        assert_eq!(shape(".version"), Shape::Count { least: 1, most: Some(1) });
        let Shape::AnyOf(shadow) = shape(".shadow") else {
            panic!("one shape only");
        };
        assert_eq!(shadow, [Shape::Words(vec!["untouched"]), Shape::Flag]);
    }
}
