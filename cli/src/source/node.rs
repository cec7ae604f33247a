//! A value and where it stands.

use core::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

/// A place in a text: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// Where every text begins.
    pub const START: Self = Self { line: 1, column: 1 };

    /// This place of a text, in the file in which that text begins there.
    #[must_use]
    pub fn within(self, text: Self) -> Self {
        let add = |a: usize, b: usize| a.saturating_add(b).saturating_sub(1);
        Self { line: add(self.line, text.line), column: add(self.column, text.column) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: Position,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number that JSON has too.
    Number(Number),
    /// Text.
    Text {
        /// The text itself.
        text: String,
        /// Where its content begins, if that keeps its lines: a literal block
        /// (`|`). Places within it are then known.
        block: Option<Position>,
    },
    /// A list.
    List(Vec<Node>),
    /// An object, in the file's order; a name may be there twice.
    Map(Vec<Member>),
}

/// A name of an object and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub at: Position,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// The first member of that name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.node)
    }

    /// The first member of that name, with its place.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.name == name)
    }

    /// A member of a member and so on; `None` where one isn't there.
    pub fn path(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// Its members; none of what is no object.
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Map(members) => members,
            _ => &[],
        }
    }

    /// Its items; none of what is no list.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// Its text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Its truth, if it is one.
    pub fn flag(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// Moves it, with everything in it, to other places.
    pub fn relocate(&mut self, to: &impl Fn(Position) -> Position) {
        self.at = to(self.at);
        match &mut self.kind {
            Kind::Text { block: Some(block), .. } => *block = to(*block),
            Kind::List(items) => items.iter_mut().for_each(|item| item.relocate(to)),
            Kind::Map(members) => {
                for member in members {
                    member.at = to(member.at);
                    member.node.relocate(to);
                }
            }
            _ => {}
        }
    }

    /// The value without places; of a repeated name the first counts.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text { text, .. } => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(Node::to_value).collect(),
            Kind::Map(members) => {
                let mut map = serde_json::Map::new();
                for member in members {
                    map.entry(&member.name).or_insert_with(|| member.node.to_value());
                }
                Value::Object(map)
            }
        }
    }

    /// The value as JSON text that keeps repeated names, so that whoever reads
    /// it can tell of them.
    pub fn to_json(&self) -> String {
        // Nothing in a node can fail to be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// In the file's order, repeated names included.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(flag) => serializer.serialize_bool(*flag),
            Kind::Number(number) => number.serialize(serializer),
            Kind::Text { text, .. } => serializer.serialize_str(text),
            Kind::List(items) => serializer.collect_seq(items),
            Kind::Map(members) => {
                serializer.collect_map(members.iter().map(|member| (&member.name, &member.node)))
            }
        }
    }
}
