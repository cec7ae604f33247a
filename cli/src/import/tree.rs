//! A document with comments: what is imported, in the order it is read in.

use serde_json::{Number, Value};

use crate::source::{Kind, Node};

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    /// Text, a number, true, false or null.
    Leaf(Value),
    /// A list.
    List(Vec<Tree>),
    /// An object.
    Map(Map),
}

/// An object whose fields keep their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Map {
    /// The fields.
    pub(crate) entries: Vec<Entry>,
}

/// A field and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// What stands above it.
    pub(crate) remarks: Vec<Remark>,
    /// Its value; `None` where the field isn't there and is only spoken of.
    pub(crate) tree: Option<Tree>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// Whether somebody has to decide.
    pub(crate) open: bool,
    /// The words.
    pub(crate) text: String,
}

impl Map {
    /// Adds a field.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, tree: impl Into<Tree>) -> Self {
        let tree = Some(tree.into());
        self.entries.push(Entry { name: name.into(), remarks: Vec::new(), tree });
        self
    }

    /// Adds a field where there is a value for it.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, tree: Option<impl Into<Tree>>) -> Self {
        match tree {
            Some(tree) => self.with(name, tree),
            None => self,
        }
    }

    /// Speaks of a field that isn't there: somebody has to decide on it.
    #[must_use]
    pub(crate) fn open(mut self, name: &str, text: impl Into<String>) -> Self {
        self.entries.push(Entry { name: name.into(), remarks: Vec::new(), tree: None });
        self.decide(text)
    }

    /// Somebody has to decide on the field that was added last.
    #[must_use]
    pub(crate) fn decide(self, text: impl Into<String>) -> Self {
        self.remark(true, text.into())
    }

    /// Explains the field that was added last.
    #[must_use]
    pub(crate) fn note(self, text: impl Into<String>) -> Self {
        self.remark(false, text.into())
    }

    /// The same, if that holds.
    #[must_use]
    pub(crate) fn when(self, condition: bool, change: impl FnOnce(Self) -> Self) -> Self {
        if condition { change(self) } else { self }
    }

    fn remark(mut self, open: bool, text: String) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.remarks.push(Remark { open, text });
        }
        self
    }

    /// Whether there is no field.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.tree.is_none())
    }

    /// Puts a map over this one: maps are merged, everything else is replaced.
    /// Who gives a field has decided on it.
    pub(crate) fn merge(&mut self, over: Self) {
        for added in over.entries {
            let Some(entry) = self.entries.iter_mut().find(|entry| entry.name == added.name) else {
                self.entries.push(added);
                continue;
            };
            match (&mut entry.tree, added.tree) {
                (Some(Tree::Map(below)), Some(Tree::Map(over))) => below.merge(over),
                (below, over) => {
                    *below = over;
                    entry.remarks.clear();
                }
            }
        }
    }

    /// What is still to be decided, each with the path of its field.
    pub(crate) fn decisions(&self) -> Vec<(String, String)> {
        let mut decisions = Vec::new();
        self.collect("", &mut decisions);
        decisions
    }

    fn collect(&self, path: &str, decisions: &mut Vec<(String, String)>) {
        for entry in &self.entries {
            let path = match path {
                "" => entry.name.clone(),
                path => format!("{path}.{}", entry.name),
            };
            let open = entry.remarks.iter().filter(|remark| remark.open);
            decisions.extend(open.map(|remark| (path.clone(), remark.text.clone())));
            if let Some(tree) = &entry.tree {
                tree.collect(&path, decisions);
            }
        }
    }

    /// As JSON, without comments.
    pub(crate) fn to_value(&self) -> Value {
        let there = self.entries.iter().filter_map(|entry| Some((entry, entry.tree.as_ref()?)));
        Value::Object(there.map(|(entry, tree)| (entry.name.clone(), tree.to_value())).collect())
    }
}

impl Tree {
    fn collect(&self, path: &str, decisions: &mut Vec<(String, String)>) {
        match self {
            Self::Leaf(_) => {}
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect(&format!("{path}[{index}]"), decisions);
                }
            }
            Self::Map(map) => map.collect(path, decisions),
        }
    }

    /// As JSON, without comments.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Leaf(value) => value.clone(),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Map(map) => map.to_value(),
        }
    }
}

impl From<&Node> for Tree {
    fn from(node: &Node) -> Self {
        match &node.kind {
            Kind::Map(members) => Self::Map(Map {
                entries: members
                    .iter()
                    .map(|member| Entry {
                        name: member.name.clone(),
                        remarks: Vec::new(),
                        tree: Some(Self::from(&member.node)),
                    })
                    .collect(),
            }),
            Kind::List(items) => Self::List(items.iter().map(Self::from).collect()),
            _ => Self::Leaf(node.to_value()),
        }
    }
}

impl From<Map> for Tree {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Leaf(text.into())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Leaf(text.into())
    }
}

impl From<bool> for Tree {
    fn from(flag: bool) -> Self {
        Self::Leaf(flag.into())
    }
}

impl From<u32> for Tree {
    fn from(number: u32) -> Self {
        Self::Leaf(Value::Number(Number::from(number)))
    }
}

impl<T: Into<Self>> From<Vec<T>> for Tree {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Tree {
    fn from(items: [T; N]) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// Null: turns a default off.
pub(crate) fn null() -> Tree {
    Tree::Leaf(Value::Null)
}

/// A secret that the guard reads from its VM's environment.
pub(crate) fn env(name: impl Into<String>) -> Tree {
    Map::default().with("env", name.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(text: &str) -> Map {
        let documents = crate::source::parse(text).expect("it is YAML");
        match Tree::from(&documents[0]) {
            Tree::Map(map) => map,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn maps_merge_and_everything_else_is_replaced() {
        let mut base = map("a: {b: 1, c: [1, 2]}\nd: x\n");
        base.merge(map("a: {c: [3], e: {f: 2}}\nd: {g: 1}\nh: 5\n"));
        let expected = json!({"a": {"b": 1, "c": [3], "e": {"f": 2}}, "d": {"g": 1}, "h": 5});
        assert_eq!(base.to_value(), expected);
    }

    #[test]
    fn what_is_given_is_decided() {
        let inner = Map::default().with("b", "x").decide("which b?").with("c", 1).note("so");
        let mut base = Map::default().open("list", "which?").with("a", inner).decide("whose?");
        let paths =
            |map: &Map| map.decisions().into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        assert_eq!(paths(&base), ["list", "a", "a.b"]);
        assert_eq!(base.to_value(), json!({"a": {"b": "x", "c": 1}}));
        base.merge(map("list: [1]\na: {b: y}\n"));
        assert_eq!(paths(&base), ["a"]);
        assert_eq!(base.to_value(), json!({"list": [1], "a": {"b": "y", "c": 1}}));
    }
}
