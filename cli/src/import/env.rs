//! Files of environment variables, with the place of every character.
//!
//! Systems read such files by libraries that agree on little more than
//! `NAME=value`. What they read alike is read here; where they differ, a value
//! says so, and whoever uses it refuses it.

use crate::source::Position;

mod reader;

pub(crate) use reader::parse;

/// A variable of a file.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) at: Position,
    /// Its value.
    pub(crate) value: Value,
}

/// The value of a variable.
#[derive(Clone)]
pub(crate) struct Value {
    text: String,
    /// Where each character stands, by its offset in the text.
    places: Vec<(usize, Position)>,
    /// Where a value without characters would stand.
    start: Position,
    /// What systems read in different ways, and where.
    unclear: Option<(Position, &'static str)>,
}

impl core::fmt::Debug for Value {
    /// It may be a secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Value").field("start", &self.start).finish_non_exhaustive()
    }
}

impl Value {
    fn new(start: Position) -> Self {
        Self { text: String::new(), places: Vec::new(), start, unclear: None }
    }

    fn push(&mut self, character: char, at: Position) {
        self.places.push((self.text.len(), at));
        self.text.push(character);
    }

    /// What systems read in different ways, and where.
    pub(crate) fn unclear(&self) -> Option<(Position, &'static str)> {
        self.unclear
    }

    /// The whole text.
    pub(crate) fn text(&self) -> Text<'_> {
        Text { value: self, start: 0, end: self.text.len() }
    }
}

/// A part of a value that knows where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Text<'v> {
    value: &'v Value,
    start: usize,
    end: usize,
}

impl core::fmt::Debug for Text<'_> {
    /// It may be a secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Text").field("at", &self.at()).finish_non_exhaustive()
    }
}

impl<'v> Text<'v> {
    /// The text itself.
    pub(crate) fn as_str(self) -> &'v str {
        self.value.text.get(self.start..self.end).unwrap_or_default()
    }

    /// Where it begins.
    pub(crate) fn at(self) -> Position {
        let places = &self.value.places;
        let index = places.partition_point(|(offset, _)| *offset < self.start);
        match (places.get(index), places.last()) {
            (Some((_, at)), _) => *at,
            // Behind the last character.
            (None, Some((_, last))) => {
                Position { line: last.line, column: last.column.saturating_add(1) }
            }
            (None, None) => self.value.start,
        }
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Without white space around it.
    #[must_use]
    pub(crate) fn trim(self) -> Self {
        let text = self.as_str();
        let left = text.len().saturating_sub(text.trim_start().len());
        let start = self.start.saturating_add(left);
        Self { start, end: start.saturating_add(text.trim().len()), ..self }
    }

    /// What stands before and behind the first of these characters.
    pub(crate) fn split_once(self, at: char) -> Option<(Self, Self)> {
        let (before, behind) = self.as_str().split_once(at)?;
        let middle = self.start.saturating_add(before.len());
        let rest = self.end.saturating_sub(behind.len());
        Some((Self { end: middle, ..self }, Self { start: rest, ..self }))
    }

    /// The trimmed parts between these characters, empty ones too.
    pub(crate) fn split(self, at: char) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut rest = self;
        while let Some((part, behind)) = rest.split_once(at) {
            parts.push(part.trim());
            rest = behind;
        }
        parts.push(rest.trim());
        parts
    }

    /// The trimmed items of a list with commas, without empty ones.
    pub(crate) fn items(self) -> Vec<Self> {
        self.split(',').into_iter().filter(|item| !item.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests;
