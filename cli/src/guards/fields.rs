//! Reading protobuf messages that are written as YAML or JSON.

use crate::source::{Kind, Node};

/// A field by its name in the `.proto` file; JSON may write it in camel case
/// (ProtoJSON, "JSON field names"). Of several the last counts, as for Envoy.
pub fn field<'n>(message: &'n Node, name: &str) -> Option<&'n Node> {
    let mut members = message.members().iter().rev();
    members.find(|member| is_field(&member.name, name)).map(|member| &member.node)
}

/// A field of a field and so on.
pub fn deep<'n>(message: &'n Node, names: &[&str]) -> Option<&'n Node> {
    names.iter().try_fold(message, |node, name| field(node, name))
}

/// Whether a name as written is that field's.
pub fn is_field(written: &str, name: &str) -> bool {
    written == name || is_camel(written, name)
}

/// `virtualHosts` for `virtual_hosts`.
fn is_camel(written: &str, name: &str) -> bool {
    let mut written = written.chars();
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
            continue;
        }
        let expected = if upper { c.to_ascii_uppercase() } else { c };
        if written.next() != Some(expected) {
            return false;
        }
        upper = false;
    }
    written.next().is_none()
}

/// Whether a field is there and true. Proxies read YAML 1.1, where `yes` and
/// `on` are true, too, and Envoy takes a quoted `"true"`.
pub fn is_true(message: &Node, name: &str) -> bool {
    field(message, name).is_some_and(|node| match &node.kind {
        Kind::Bool(flag) => *flag,
        Kind::Text { text, .. } => {
            ["true", "yes", "on", "y"].iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        _ => false,
    })
}

/// Whether a value of an enum is this one: by name, which Envoy takes in any
/// case, or by number, which it takes in quotes, too.
pub fn is_choice(value: &Node, name: &str, number: u64) -> bool {
    match &value.kind {
        Kind::Text { text, .. } => {
            text.eq_ignore_ascii_case(name) || text.parse().is_ok_and(|given: u64| given == number)
        }
        Kind::Number(given) => given.as_u64() == Some(number),
        _ => false,
    }
}

/// The items of a repeated field; none where it isn't there.
pub fn repeated<'n>(message: &'n Node, name: &str) -> &'n [Node] {
    field(message, name).map(Node::items).unwrap_or_default()
}

/// A message of a type that is told beside it.
#[derive(Debug, Clone, Copy)]
pub struct Any<'n> {
    /// The type's full name; empty where none is given.
    pub type_name: &'n str,
    /// The message.
    pub value: &'n Node,
}

impl<'n> Any<'n> {
    /// Reads a `google.protobuf.Any`, with what is wrapped in a `TypedStruct`
    /// or a well-known type taken out.
    pub fn of(node: &'n Node) -> Self {
        let type_name = node.get("@type").and_then(Node::text).map(short).unwrap_or_default();
        match type_name {
            "udpa.type.v1.TypedStruct" | "xds.type.v3.TypedStruct" => Self {
                type_name: field(node, "type_url")
                    .and_then(Node::text)
                    .map(short)
                    .unwrap_or_default(),
                value: field(node, "value").unwrap_or(node),
            },
            _ if type_name.starts_with("google.protobuf.") => {
                Self { type_name, value: node.get("value").unwrap_or(node) }
            }
            _ => Self { type_name, value: node },
        }
    }

    /// Whether the type's name ends so: `rbac.v3.RBAC`.
    pub fn is(&self, end: &str) -> bool {
        self.type_name.ends_with(end)
    }
}

/// `type.googleapis.com/NAME` without the host.
fn short(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_snake_and_camel_case() {
        for (written, found) in [
            ("vm_config", true),
            ("vmConfig", true),
            ("vmconfig", false),
            ("vm_Config", false),
            ("vmConfigs", false),
        ] {
            assert_eq!(is_field(written, "vm_config"), found, "{written}");
        }
    }

    fn node(text: &str) -> Node {
        crate::source::parse(text).unwrap().remove(0)
    }

    #[test]
    fn what_envoy_takes_as_true_is_true() {
        for text in ["true", "True", "yes", "on", "Y", "\"true\"", "'true'", "!!str true"] {
            assert!(is_true(&node(&format!("disabled: {text}")), "disabled"), "{text}");
        }
        for text in ["false", "no", "off", "n", "\"false\"", "0", "~"] {
            assert!(!is_true(&node(&format!("disabled: {text}")), "disabled"), "{text}");
        }
    }

    #[test]
    fn enums_are_read_by_name_in_any_case_and_by_number() {
        for text in ["FAIL_OPEN", "fail_open", "3", "\"3\""] {
            assert!(is_choice(&node(text), "FAIL_OPEN", 3), "{text}");
        }
        for text in ["FAIL_CLOSED", "2", "true", "-3"] {
            assert!(!is_choice(&node(text), "FAIL_OPEN", 3), "{text}");
        }
    }

    #[test]
    fn of_fields_given_twice_the_last_counts() {
        let twice = node("fail_open: false\nfailOpen: true\n");
        assert!(is_true(&twice, "fail_open"));
    }

    #[test]
    fn a_typed_struct_is_the_message_that_it_holds() {
        let text = "\"@type\": type.googleapis.com/udpa.type.v1.TypedStruct\ntype_url: a/b.C\nvalue: {d: 1}\n";
        let node = crate::source::parse(text).unwrap().remove(0);
        let any = Any::of(&node);
        assert!(any.is("b.C") && any.value.get("d").is_some());
    }
}
