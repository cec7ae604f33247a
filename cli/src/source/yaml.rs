//! From text to nodes.

use core::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::hint::hint;
use super::node::{Kind, Member, Node, Position};
use super::scalar;

/// Why a text can't be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// Where.
    pub at: Position,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.problem)
    }
}

impl core::error::Error for SourceError {}

/// How many nodes a text may have once its aliases are followed: a few aliases
/// of aliases could otherwise fill the memory.
const MOST_NODES: usize = 5_000_000;

/// How deep nodes may be nested, as in JSON that the guard reads.
const DEEPEST: usize = 128;

/// Reads a text: every document of a YAML stream, or the one of a JSON text.
///
/// # Errors
/// The first thing that makes it no YAML, or a YAML of more than JSON has.
pub fn parse(text: &str) -> Result<Vec<Node>, SourceError> {
    // A byte order mark is none of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        Reader { text, events: Parser::new_from_str(text), anchors: Vec::new(), nodes: 0 };
    let mut documents = Vec::new();
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamStart | Event::Nothing | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                reader.anchors.clear();
                let Some((event, span)) = reader.next()? else { break };
                documents.push(reader.node(event, span, 0)?);
            }
            Event::StreamEnd => break,
            _ => return Err(error(span, "doesn't belong here")),
        }
    }
    Ok(documents)
}

struct Reader<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    /// Nodes by anchor.
    anchors: Vec<(usize, Node, usize)>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, SourceError> {
        self.events.next().transpose().map_err(scan_error)
    }

    fn required(&mut self, at: Position) -> Result<(Event<'t>, Span), SourceError> {
        self.next()?.ok_or(SourceError { at, problem: "the text ends too early".into() })
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, SourceError> {
        if depth > DEEPEST {
            return Err(error(span, format!("is nested deeper than {DEEPEST} levels")));
        }
        let before = self.nodes;
        self.count(1, span)?;
        let at = position(span);
        let (anchor, kind) = match event {
            Event::Alias(id) => {
                let known = self.anchors.iter().rev().find(|(anchor, ..)| *anchor == id);
                let Some((_, node, size)) = known.cloned() else {
                    return Err(error(span, "is an alias of nothing before it"));
                };
                self.count(size, span)?;
                return Ok(Node { at, ..node });
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.as_ref().is_some_and(|tag| tag.suffix == "str");
                let kind = match style {
                    ScalarStyle::Plain if !is_text => match scalar::plain(&text) {
                        Some(kind) => kind,
                        None => return Err(error(span, "is a number that JSON doesn't have")),
                    },
                    ScalarStyle::Literal => {
                        Kind::Text { block: self.content(span, &text), text: text.into_owned() }
                    }
                    _ => Kind::Text { text: text.into_owned(), block: None },
                };
                (anchor, kind)
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.required(at)? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => {
                            items.push(self.node(event, span, depth.saturating_add(1))?)
                        }
                    }
                }
                (anchor, Kind::List(items))
            }
            Event::MappingStart(anchor, _) => (anchor, Kind::Map(self.members(at, depth)?)),
            _ => return Err(error(span, "doesn't belong here")),
        };
        let node = Node { at, kind };
        if anchor > 0 {
            self.anchors.push((anchor, node.clone(), self.nodes.saturating_sub(before)));
        }
        Ok(node)
    }

    fn members(&mut self, at: Position, depth: usize) -> Result<Vec<Member>, SourceError> {
        let mut members = Vec::new();
        loop {
            let (event, span) = self.required(at)?;
            let (name, tag) = match event {
                Event::MappingEnd => return Ok(members),
                Event::Scalar(name, _, _, tag) => (name.into_owned(), tag),
                _ => return Err(error(span, "must be a plain name")),
            };
            let (event, value_span) = self.required(at)?;
            let node = self.node(event, value_span, depth.saturating_add(1))?;
            // Envoy leaves such a member out; anchors in it count.
            if tag.is_some_and(|tag| tag.handle == "!" && tag.suffix == "ignore") {
                continue;
            }
            // An absent value has no place of its own.
            members.push(Member { name, at: position(span), node });
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), SourceError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            return Err(error(span, "holds too many values, counting those of its aliases"));
        }
        Ok(())
    }

    /// Where the content of a literal block begins, whose first line that
    /// isn't blank has this place.
    fn content(&self, span: Span, text: &str) -> Option<Position> {
        let blank = text.lines().take_while(|line| line.is_empty()).count();
        let first = self.text.lines().nth(span.start.line().checked_sub(1)?)?;
        let spaces = |line: &str| line.chars().take_while(|c| *c == ' ').count();
        // The content itself may begin with spaces, where the indentation is given.
        let own = text.lines().find(|line| !line.is_empty()).map_or(0, spaces);
        let indent = spaces(first).saturating_sub(own);
        let line = span.start.line().checked_sub(blank)?;
        Some(Position { line, column: indent.saturating_add(1) })
    }
}

fn position(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col().saturating_add(1) }
}

fn error(span: Span, problem: impl Into<String>) -> SourceError {
    SourceError { at: position(span), problem: problem.into() }
}

fn scan_error(error: ScanError) -> SourceError {
    let mark = error.marker();
    SourceError {
        at: Position { line: mark.line(), column: mark.col().saturating_add(1) },
        problem: match hint(error.info()) {
            Some(hint) => format!("is no YAML: {}; {hint}", error.info()),
            None => format!("is no YAML: {}", error.info()),
        },
    }
}

#[cfg(test)]
mod tests;
