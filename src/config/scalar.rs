//! Reading texts, numbers and words.

use serde_json::Value;

use super::node::Node;
use super::shape::{Form, Shape};
use super::units;
use crate::host::Timestamp;

impl<'v> Node<'v, '_> {
    /// Any text.
    #[inline(never)]
    pub(super) fn text(&self) -> Option<&'v str> {
        self.accepts(|| Shape::Text(Form::Any))?;
        match self.value {
            Value::String(text) => Some(text),
            _ => self.wrong_type("text"),
        }
    }

    /// Text that isn't empty.
    pub(super) fn some_text(&self) -> Option<&'v str> {
        self.some(Form::Some)
    }

    /// Text of a form, which its reader checks; here it only isn't empty.
    #[inline(never)]
    pub(super) fn some(&self, form: Form) -> Option<&'v str> {
        self.accepts(|| Shape::Text(form))?;
        match self.text()? {
            "" => self.error("must not be empty"),
            text => Some(text),
        }
    }

    /// Text of a form that `parse` makes something of, or says what is wrong
    /// with.
    pub(super) fn parsed<T, P: AsRef<str>>(
        &self,
        form: Form,
        parse: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        match parse(self.some(form)?) {
            Ok(parsed) => Some(parsed),
            Err(problem) => self.error(problem),
        }
    }

    #[inline(never)]
    pub(super) fn flag(&self) -> Option<bool> {
        self.accepts(|| Shape::Flag)?;
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => self.wrong_type("true or false"),
        }
    }

    /// A whole number from 0.
    #[inline(never)]
    pub(super) fn count(&self) -> Option<u64> {
        self.accepts(|| Shape::Count { least: 0, most: None })?;
        self.whole()
    }

    /// A whole number within bounds; beyond them there is a problem.
    #[inline(never)]
    pub(super) fn count_within(&self, least: u64, most: u64, problem: &str) -> Option<u64> {
        self.accepts(|| Shape::Count { least, most: Some(most) })?;
        match self.whole()? {
            count if (least..=most).contains(&count) => Some(count),
            _ => self.error(problem),
        }
    }

    /// A `Struct` of Envoy's has only floats, so `5.0` is a whole number too.
    #[inline(never)]
    fn whole(&self) -> Option<u64> {
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

    /// One of several words, where something else is accepted too; what is none
    /// of them is no mistake yet.
    pub(super) fn word<T: Clone>(&self, words: &[(&'static str, T)]) -> Option<T> {
        self.accepts(|| Shape::Words(words.iter().map(|(word, _)| *word).collect()))?;
        let text = self.value.as_str()?;
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone())
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        self.accepts(|| Shape::Words(choices.iter().map(|(word, _)| *word).collect()))?;
        let place = self.one_of(&mut choices.iter().map(|(word, _)| *word))?;
        choices.get(place).map(|(_, choice)| *choice)
    }

    /// Which of these words it is.
    #[inline(never)]
    fn one_of(&self, words: &mut dyn Iterator<Item = &'static str>) -> Option<usize> {
        let words: Vec<&str> = words.collect();
        let Value::String(text) = self.value else {
            return self.wrong_type(&format!("one of: {}", words.join(", ")));
        };
        let place = words.iter().position(|word| word == text);
        place.or_else(|| self.error(format!("must be one of: {}", words.join(", "))))
    }

    /// A duration in seconds: `30s`, `5m`, `24h`.
    #[inline(never)]
    pub(super) fn duration(&self) -> Option<f64> {
        self.accepts(|| Shape::Text(Form::Duration))?;
        let seconds = self.value.as_str().and_then(units::duration);
        match seconds {
            Some(seconds) => Some(seconds),
            None => {
                self.wrong_type("a duration: a whole number with ms, s, m, h or d, as in \"30s\"")
            }
        }
    }

    /// A size in bytes: a number, or `16MiB`.
    #[inline(never)]
    pub(super) fn size(&self) -> Option<u64> {
        self.also(|| Shape::Text(Form::Size));
        let bytes = match self.value {
            Value::String(text) => units::size(text),
            _ => return self.count(),
        };
        match bytes {
            Some(bytes) => Some(bytes),
            None => self.wrong_type("a size: a whole number of bytes, or with KiB, MiB or GiB"),
        }
    }

    /// A time (RFC 3339).
    #[inline(never)]
    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        self.accepts(|| Shape::Text(Form::Timestamp))?;
        match self.value.as_str().and_then(units::timestamp) {
            Some(timestamp) => Some(timestamp),
            None => self.wrong_type("a time in RFC 3339, as in \"2026-01-01T00:00:00Z\""),
        }
    }

    /// A secret: text, or `{env: NAME}`.
    #[inline(never)]
    pub(super) fn secret(&self) -> Option<Vec<u8>> {
        self.also(|| Shape::Text(Form::Some));
        match self.value {
            Value::String(text) if text.is_empty() => self.error("must not be empty"),
            Value::String(text) => Some(text.clone().into_bytes()),
            _ if self.may_be(Value::is_object) => self.variable(),
            _ => self.wrong_type("text, or {env: NAME}"),
        }
    }

    /// The value of an environment variable.
    fn variable(&self) -> Option<Vec<u8>> {
        let object = self.object("secret")?;
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
}

/// Text that isn't empty, as the guard keeps it.
pub(super) fn text(node: Node<'_, '_>) -> Option<String> {
    node.some_text().map(str::to_owned)
}

/// Such texts, one at least.
pub(super) fn texts(node: Node<'_, '_>) -> Option<Vec<String>> {
    node.some_list(text)
}

/// Names of entries that may be any text.
pub(super) fn any_name() -> Shape {
    Shape::Text(Form::Any)
}

fn is_variable_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
