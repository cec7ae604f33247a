//! Reading a document: every value with its place, every mistake told.
//!
//! A reader gives `None` where it told of a mistake; what it then leaves out
//! doesn't matter, since the document is refused.

use core::cell::OnceCell;
use std::rc::Rc;

use serde_json::Value;

use super::Environment;
use super::object::Object;
use super::problem::Problems;
use super::units;
use super::vocabulary::Vocabulary;
use crate::host::Timestamp;
use crate::json::At;

/// What reading needs besides the document.
pub(super) struct Context<'c> {
    pub(super) problems: &'c Problems,
    pub(super) env: &'c dyn Environment,
    pub(super) development: bool,
    pub(super) vocabulary: Rc<Vocabulary>,
    /// The clusters that keys may be fetched from; `None` for any.
    pub(super) key_clusters: Option<&'c [String]>,
    /// The first place for which workers share data.
    pub(super) shared: OnceCell<String>,
}

/// A value of the document and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Node<'v, 'c> {
    pub(super) value: &'v Value,
    pub(super) at: &'c At<'c>,
    pub(super) context: &'c Context<'c>,
}

impl<'v> Node<'v, '_> {
    /// Tells of a mistake here.
    pub(super) fn error<T>(&self, problem: impl Into<String>) -> Option<T> {
        self.context.problems.error(self.at, problem);
        None
    }

    pub(super) fn warn(&self, problem: impl Into<String>) {
        self.context.problems.warn(self.at, problem);
    }

    /// Something here is kept by all workers together.
    pub(super) fn is_shared(&self) {
        self.context.shared.get_or_init(|| self.at.to_string());
    }

    pub(super) fn text(&self) -> Option<&'v str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.wrong_type("text"),
        }
    }

    /// Text that isn't empty.
    pub(super) fn some_text(&self) -> Option<&'v str> {
        match self.text()? {
            "" => self.error("must not be empty"),
            text => Some(text),
        }
    }

    /// Text that `parse` makes something of, or says what is wrong with.
    pub(super) fn parsed<T, P: Into<String>>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        match parse(self.some_text()?) {
            Ok(parsed) => Some(parsed),
            Err(problem) => self.error(problem),
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => self.wrong_type("true or false"),
        }
    }

    /// A whole number from 0; a `Struct` of Envoy's has only floats, so `5.0`
    /// is one too.
    pub(super) fn count(&self) -> Option<u64> {
        let whole = self.value.as_u64().or_else(|| {
            let float = self.value.as_f64()?;
            let fits = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
            fits.then_some(float as u64)
        });
        match whole {
            Some(whole) => Some(whole),
            None => self.wrong_type("a whole number"),
        }
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let words = || {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            words.join(", ")
        };
        let Value::String(text) = self.value else {
            return self.wrong_type(&format!("one of: {}", words()));
        };
        match choices.iter().find(|(word, _)| word == text) {
            Some((_, choice)) => Some(*choice),
            None => self.error(format!("must be one of: {}", words())),
        }
    }

    /// A duration in seconds: `30s`, `5m`, `24h`.
    pub(super) fn duration(&self) -> Option<f64> {
        let seconds = self.value.as_str().and_then(units::duration);
        match seconds {
            Some(seconds) => Some(seconds),
            None => {
                self.wrong_type("a duration: a whole number with ms, s, m, h or d, as in \"30s\"")
            }
        }
    }

    /// A size in bytes: a number, or `16MiB`.
    pub(super) fn size(&self) -> Option<u64> {
        let bytes = match self.value {
            Value::String(text) => units::size(text),
            _ => return self.count(),
        };
        match bytes {
            Some(bytes) => Some(bytes),
            None => self.wrong_type("a size: a whole number of bytes, or with KiB, MiB or GiB"),
        }
    }

    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        match self.value.as_str().and_then(units::timestamp) {
            Some(timestamp) => Some(timestamp),
            None => self.wrong_type("a time in RFC 3339, as in \"2026-01-01T00:00:00Z\""),
        }
    }

    /// A secret: text, or `{env: NAME}`.
    pub(super) fn secret(&self) -> Option<Vec<u8>> {
        match self.value {
            Value::String(text) if text.is_empty() => self.error("must not be empty"),
            Value::String(text) => Some(text.clone().into_bytes()),
            Value::Object(_) => {
                let object = self.object()?;
                let name = object.required("env", |node| node.some_text());
                object.close();
                let name = name?;
                match self.context.env.variable(name) {
                    Some(value) if !value.is_empty() => Some(value),
                    // What isn't plainly a name may be the secret itself.
                    _ if is_variable_name(name) => self.error(format!(
                        "the environment variable {name} is not set for the VM; set it in vm_config.environment_variables"
                    )),
                    _ => self.error(
                        "env names no environment variable that is set for the VM; it takes the variable's name, not its value",
                    ),
                }
            }
            _ => self.wrong_type("text, or {env: NAME}"),
        }
    }

    pub(super) fn list<T>(&self, read: impl Fn(Node<'v, '_>) -> Option<T>) -> Option<Vec<T>> {
        let Value::Array(items) = self.value else {
            return self.wrong_type("a list");
        };
        let mut list = Vec::with_capacity(items.len());
        for (index, value) in items.iter().enumerate() {
            let at = self.at.index(index);
            list.extend(read(Node { value, at: &at, context: self.context }));
        }
        Some(list)
    }

    /// A list with something in it.
    pub(super) fn some_list<T>(&self, read: impl Fn(Node<'v, '_>) -> Option<T>) -> Option<Vec<T>> {
        if self.value.as_array().is_some_and(Vec::is_empty) {
            return self.error("must not be empty; name at least one, or leave it out");
        }
        self.list(read)
    }

    /// One item, or a list of them.
    pub(super) fn one_or_more<T>(
        &self,
        read: impl Fn(Node<'v, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        match self.value {
            Value::Array(_) => self.some_list(read),
            _ => read(*self).map(|item| vec![item]),
        }
    }

    /// The members of an object whose names are the document's own.
    pub(super) fn entries<T>(
        &self,
        read: impl Fn(&'v str, Node<'v, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Object(map) = self.value else {
            return self.wrong_type("an object");
        };
        let mut entries = Vec::with_capacity(map.len());
        for (name, value) in map {
            let at = self.at.name(name);
            entries.extend(read(name, Node { value, at: &at, context: self.context }));
        }
        Some(entries)
    }

    /// An object whose names are ours.
    pub(super) fn object(&self) -> Option<Object<'v, '_>> {
        let Value::Object(map) = self.value else {
            return self.wrong_type("an object");
        };
        Some(Object::new(map, self.at, self.context))
    }

    pub(super) fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        self.error(format!("must be {expected}"))
    }
}

fn is_variable_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
