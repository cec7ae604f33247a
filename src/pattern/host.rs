//! Host patterns: literal labels, and `*` for one.

use core::fmt;

use super::tree::Step;

/// A host in which one label is the tenant: `{tenant}.api.example.com`; `*` is
/// any one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPattern(Vec<Label>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Label {
    Literal(String),
    Any,
    Tenant,
}

impl HostPattern {
    /// Parses a pattern; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        let labels: Vec<Label> = lower
            .split('.')
            .map(|label| match label {
                "*" => Ok(Label::Any),
                "{tenant}" => Ok(Label::Tenant),
                literal if crate::request::authority::is_name(literal) => {
                    Ok(Label::Literal(literal.to_owned()))
                }
                _ => Err("is no host: labels are letters, digits, - and _, or * or {tenant} alone"),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self(labels))
    }

    /// Its labels.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.0.iter().map(|label| match label {
            Label::Literal(literal) => Step::Literal(literal),
            Label::Any | Label::Tenant => Step::Any,
        })
    }

    /// How many of its labels are `{tenant}`.
    pub(crate) fn tenants(&self) -> usize {
        self.0.iter().filter(|label| **label == Label::Tenant).count()
    }

    /// Whether a canonical host matches.
    pub(crate) fn matches(&self, host: &str) -> bool {
        let mut labels = host.split('.');
        self.0.iter().all(|pattern| {
            labels.next().is_some_and(|label| match pattern {
                Label::Literal(literal) => literal == label,
                Label::Any | Label::Tenant => true,
            })
        }) && labels.next().is_none()
    }

    /// The label at `{tenant}`, where the host matches.
    pub(crate) fn capture<'h>(&self, host: &'h str) -> Option<&'h str> {
        if !self.matches(host) {
            return None;
        }
        self.0.iter().zip(host.split('.')).find(|(p, _)| **p == Label::Tenant).map(|(_, l)| l)
    }

    /// Whether every host that `other` matches is matched by this one.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(mine, theirs)| match mine {
                Label::Any | Label::Tenant => true,
                Label::Literal(_) => mine == theirs,
            })
    }
}

/// As the configuration has it, in lower case.
impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, label) in self.0.iter().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            let label = match label {
                Label::Literal(literal) => literal,
                Label::Any => "*",
                Label::Tenant => "{tenant}",
            };
            write!(f, "{dot}{label}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_exactly_one_label() {
        let pattern = HostPattern::parse("*.Example.com").unwrap();
        assert!(pattern.matches("a.example.com"));
        assert!(!pattern.matches("example.com"));
        assert!(!pattern.matches("a.b.example.com"));
        assert!(!pattern.matches("a.example.org"));
    }

    #[test]
    fn the_tenant_label_is_captured() {
        let pattern = HostPattern::parse("{tenant}.api.example.com").unwrap();
        assert_eq!(pattern.tenants(), 1);
        assert_eq!(pattern.capture("acme.api.example.com"), Some("acme"));
        assert_eq!(pattern.capture("api.example.com"), None);
    }

    #[test]
    fn partial_wildcards_are_no_hosts() {
        for text in ["a*.example.com", "", "a..b", "{tenant}x.example.com", "a/b"] {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
    }
}
