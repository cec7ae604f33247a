//! Readers that describe themselves: a reader is called without a value, and
//! writes down what it would accept.
//!
//! The plugin never asks for that, so none of it is in the plugin.

use std::cell::RefCell;

use super::shape::{FieldShape, ObjectShape, Rule, Shape};

/// What a reader accepts at one place; several where it accepts any of them.
#[derive(Debug, Default)]
pub(super) struct Sketch(RefCell<Vec<Shape>>);

impl Sketch {
    /// Adds what is accepted too.
    pub(super) fn add(&self, shape: Shape) {
        let mut shapes = self.0.borrow_mut();
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    }

    /// All that is accepted.
    pub(super) fn into_shape(self) -> Shape {
        let mut shapes = self.0.into_inner();
        match (shapes.pop(), shapes.is_empty()) {
            (Some(only), true) => only,
            (last, _) => Shape::AnyOf(shapes.into_iter().chain(last).collect()),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Sketch {
    /// Changes the object of that name, which is accepted too.
    pub(super) fn object(&self, name: &'static str, change: impl FnOnce(&mut ObjectShape)) {
        let mut shapes = self.0.borrow_mut();
        let known = shapes.iter_mut().find_map(|shape| match shape {
            Shape::Object(object) if object.name == name => Some(object),
            _ => None,
        });
        match known {
            Some(object) => change(object),
            None => {
                let mut object = ObjectShape { name, fields: Vec::new(), rules: Vec::new() };
                change(&mut object);
                shapes.push(Shape::Object(object));
            }
        }
    }
}

impl ObjectShape {
    /// Adds a field that it doesn't have yet.
    pub(super) fn add_field(&mut self, field: FieldShape) {
        if !self.fields.iter().any(|known| known.name == field.name) {
            self.fields.push(field);
        }
    }

    pub(super) fn add_rule(&mut self, rule: Rule) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }
}

/// Where a reader writes down what it accepts; nowhere where it reads.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paper<'c> {
    #[cfg(not(target_arch = "wasm32"))]
    sketch: Option<&'c Sketch>,
    /// The object whose fields are asked for.
    #[cfg(not(target_arch = "wasm32"))]
    object: &'static str,
    #[cfg(target_arch = "wasm32")]
    sketch: core::marker::PhantomData<&'c Sketch>,
}

#[cfg(not(target_arch = "wasm32"))]
impl<'c> Paper<'c> {
    pub(super) fn of(sketch: &'c Sketch) -> Self {
        Self { sketch: Some(sketch), object: "" }
    }

    pub(super) fn sketch(self) -> Option<&'c Sketch> {
        self.sketch
    }

    /// For the fields of an object.
    pub(super) fn for_object(self, name: &'static str) -> Self {
        Self { object: name, ..self }
    }

    /// Changes the object whose fields are asked for.
    pub(super) fn object(self, change: impl FnOnce(&mut ObjectShape)) {
        if let Some(sketch) = self.sketch {
            sketch.object(self.object, change);
        }
    }
}

#[cfg(target_arch = "wasm32")]
impl<'c> Paper<'c> {
    pub(super) fn of(_: &'c Sketch) -> Self {
        Self::default()
    }

    pub(super) fn sketch(self) -> Option<&'c Sketch> {
        None
    }

    pub(super) fn for_object(self, _: &'static str) -> Self {
        self
    }

    pub(super) fn object(self, _: impl FnOnce(&mut ObjectShape)) {}
}
