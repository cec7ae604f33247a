//! From the path of a mistake to its place.

use core::fmt::Write;
use std::collections::HashMap;

use super::node::{Kind, Node, Position};

/// Where each path of a document stands: `jwt.issuers[1].audiences`.
#[derive(Debug)]
pub struct Places {
    start: Position,
    places: HashMap<String, Position>,
}

impl Places {
    /// The places of a document. Of a name that is there twice the last
    /// counts: that is the one too many.
    pub fn of(document: &Node) -> Self {
        let mut places = HashMap::new();
        collect(document, &mut String::new(), &mut places);
        Self { start: document.at, places }
    }

    /// Whether something stands at that very path.
    pub fn holds(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// The place of a path; of what isn't there, the place of the nearest that
    /// holds it.
    pub fn find(&self, path: &str) -> Position {
        let mut rest = path;
        loop {
            if let Some(at) = self.places.get(rest) {
                return *at;
            }
            match rest.rfind(['.', '[']).and_then(|end| rest.get(..end)) {
                Some(shorter) => rest = shorter,
                None => return self.start,
            }
        }
    }
}

fn collect(node: &Node, path: &mut String, places: &mut HashMap<String, Position>) {
    let length = path.len();
    match &node.kind {
        Kind::Map(members) => {
            for member in members {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(&member.name);
                places.insert(path.clone(), member.at);
                collect(&member.node, path, places);
                path.truncate(length);
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                // A String takes whatever is written to it.
                let _ = write!(path, "[{index}]");
                places.insert(path.clone(), item.at);
                collect(item, path, places);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, path: &str) -> String {
        let documents = super::super::parse(text).expect("it is YAML");
        Places::of(&documents[0]).find(path).to_string()
    }

    #[test]
    fn a_path_has_the_place_of_its_name() {
        let text = "jwt:\n  issuers:\n    - issuer: a\n      claim_values: {a.b: [x, y]}\n";
        assert_eq!(place(text, "jwt.issuers[0].issuer"), "3:7");
        assert_eq!(place(text, "jwt.issuers[0].claim_values.a.b[1]"), "4:31");
        assert_eq!(place(text, ""), "1:1");
    }

    #[test]
    fn what_is_not_there_is_missed_where_it_belongs() {
        let text = "jwt:\n  issuers:\n    - issuer: a\n";
        assert_eq!(place(text, "jwt.issuers[0].audiences"), "3:7");
        assert_eq!(place(text, "jwt.issuers[0].keys.jwks.keys[3]"), "3:7");
        assert_eq!(place(text, "version"), "1:1");
    }

    #[test]
    fn of_a_repeated_name_the_second_is_shown() {
        assert_eq!(place("a: 1\nb: 2\na: 3\n", "a"), "3:1");
    }
}
