//! A text within a file: the place of each of its characters.

use super::node::{Kind, Node, Position};
use super::yaml::{self, SourceError};

/// A text that stands somewhere in a file.
#[derive(Debug, Clone, Copy)]
pub struct Embedded<'t> {
    /// The text.
    pub text: &'t str,
    at: Position,
    block: Option<Position>,
}

impl<'t> Embedded<'t> {
    /// The whole of a file.
    pub fn whole(text: &'t str) -> Self {
        Self { text, at: Position::START, block: Some(Position::START) }
    }

    /// A node's text, if it is one.
    pub fn of(node: &'t Node) -> Option<Self> {
        match &node.kind {
            Kind::Text { text, block } => Some(Self { text, at: node.at, block: *block }),
            _ => None,
        }
    }

    /// A text of which only the beginning is known.
    pub fn at(text: &'t str, at: Position) -> Self {
        Self { text, at, block: None }
    }

    /// The place in the file of a place in the text: exact in a literal block,
    /// else that of the whole text.
    pub fn place(&self, within: Position) -> Position {
        self.block.map_or(self.at, |block| within.within(block))
    }

    /// Its YAML documents, placed in the file.
    ///
    /// # Errors
    /// Where it is no YAML.
    pub fn parse(&self) -> Result<Vec<Node>, SourceError> {
        let place = |at| self.place(at);
        match yaml::parse(self.text) {
            Ok(mut documents) => {
                documents.iter_mut().for_each(|document| document.relocate(&place));
                Ok(documents)
            }
            Err(error) => Err(SourceError { at: place(error.at), ..error }),
        }
    }

    /// Whether it is JSON, which YAML isn't always.
    ///
    /// # Errors
    /// The first thing that makes it none.
    pub fn check_json(&self) -> Result<(), SourceError> {
        let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(self.text) else {
            return Ok(());
        };
        let line = self.text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        // Its columns are bytes.
        let before = line.as_bytes().get(..error.column()).unwrap_or(line.as_bytes());
        let column = String::from_utf8_lossy(before).chars().count();
        let at = Position { line: error.line().max(1), column: column.max(1) };
        let told = error.to_string();
        let what = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what);
        Err(SourceError {
            at: self.place(at),
            problem: format!(
                "is no valid JSON: {what}; JSON has names and texts in double quotes, no comments, and no comma after the last item"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(file: &str) -> Node {
        let mut documents = yaml::parse(file).unwrap();
        let Kind::Map(mut members) = documents.remove(0).kind else { panic!("no object") };
        members.remove(0).node
    }

    #[test]
    fn a_place_in_a_literal_block_is_exact() {
        let node = text_of("a: |\n    {\n      \"b\": 1,\n      \"c\": [x]\n    }\n");
        let text = Embedded::of(&node).unwrap();
        let documents = text.parse().unwrap();
        assert_eq!(documents[0].member("c").unwrap().at.to_string(), "4:7");
        assert_eq!(text.check_json().unwrap_err().at.to_string(), "4:13");
    }

    #[test]
    fn a_block_that_begins_with_spaces_of_its_own_keeps_its_places() {
        let node = text_of("a: |2\n     {\"b\": x}\n");
        assert_eq!(Embedded::of(&node).unwrap().check_json().unwrap_err().at.to_string(), "2:12");
    }

    #[test]
    fn elsewhere_the_text_itself_is_shown() {
        let node = text_of("a: \"{\\n 'b': 1 }\"\n");
        let text = Embedded::of(&node).unwrap();
        assert_eq!(text.check_json().unwrap_err().at.to_string(), "1:4");
    }
}
