//! Claims by name or path.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A claim's name, or the way to one that is nested: `realm_access.roles`,
/// `groups[0]`, `organization.*` (the names of an object).
///
/// A literal name is tried before a path, because names such as
/// `https://example.com/org_id` hold dots of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
    Names,
}

impl ClaimPath {
    /// From its text. What is no path is a literal name.
    pub(crate) fn parse(text: &str) -> Self {
        Self { text: text.to_owned(), steps: steps(text).unwrap_or_default() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The claim, where it is there; null is there too.
    pub(crate) fn find<'c>(&self, claims: &'c Map<String, Value>) -> Option<Cow<'c, Value>> {
        if let Some(literal) = claims.get(&self.text) {
            return Some(Cow::Borrowed(literal));
        }
        let (first, rest) = self.steps.split_first()?;
        let Step::Name(first) = first else {
            return None;
        };
        let mut value = claims.get(first)?;
        for step in rest {
            value = match step {
                Step::Name(name) => value.as_object()?.get(name)?,
                Step::Index(index) => value.as_array()?.get(*index)?,
                Step::Names => return names(value),
            };
        }
        Some(Cow::Borrowed(value))
    }
}

/// The names of an object; anything else stays what it is, for the reader of
/// the claim to refuse.
fn names(value: &Value) -> Option<Cow<'static, Value>> {
    Some(Cow::Owned(match value {
        Value::Object(map) => Value::Array(map.keys().cloned().map(Value::String).collect()),
        Value::Null => Value::Null,
        _ => Value::Bool(false),
    }))
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        if part == "*" {
            steps.push(Step::Names);
            continue;
        }
        let mut pieces = part.split('[');
        let name = pieces.next().filter(|name| !name.is_empty())?;
        steps.push(Step::Name(name.to_owned()));
        for piece in pieces {
            steps.push(Step::Index(piece.strip_suffix(']')?.parse().ok()?));
        }
    }
    // Names of an object end a path.
    let inner = steps.iter().rev().skip(1).any(|step| *step == Step::Names);
    (!inner).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str, claims: &Value) -> Option<Value> {
        ClaimPath::parse(path).find(claims.as_object().unwrap()).map(Cow::into_owned)
    }

    #[test]
    fn a_literal_name_is_tried_before_a_path() {
        let claims = json!({"a.b": 1, "a": {"b": 2, "c": 3}, "https://x.example/org": "acme"});
        assert_eq!(find("a.b", &claims), Some(json!(1)));
        assert_eq!(find("a.c", &claims), Some(json!(3)));
        assert_eq!(find("https://x.example/org", &claims), Some(json!("acme")));
    }

    #[test]
    fn arrays_are_picked_from_and_objects_name_their_members() {
        let claims = json!({"groups": ["g0", ["g1"]], "organization": {"acme": {}, "globex": {}}});
        assert_eq!(find("groups[0]", &claims), Some(json!("g0")));
        assert_eq!(find("groups[1][0]", &claims), Some(json!("g1")));
        assert_eq!(find("groups[2]", &claims), None);
        assert_eq!(find("organization.*", &claims), Some(json!(["acme", "globex"])));
        assert_eq!(find("groups.*", &claims), Some(json!(false)), "no list of names");
        assert_eq!(find("missing.*", &claims), None);
    }

    #[test]
    fn a_path_through_something_else_finds_nothing() {
        let claims = json!({"a": "text", "b": [1]});
        for path in ["a.b", "a[0]", "b.c", "c.d", "", ".", "a.", "a[x]", "*", "a.*.b"] {
            assert_eq!(find(path, &claims), None, "{path}");
        }
    }
}
