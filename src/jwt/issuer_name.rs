//! The `iss` of an issuer's tokens: exact, a template, or none.

use core::fmt;

use serde_json::{Map, Value};

use super::claim::ClaimPath;

/// The `iss` of an issuer's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IssuerName {
    Exact(String),
    /// One segment of the path is the value of a claim.
    Template(Template),
    /// Tokens without `iss`.
    None,
}

/// A URL with `{claim}` as one segment of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// The segments between slashes; `None` stands for the claim's value.
    segments: Vec<Option<String>>,
    claim: ClaimPath,
}

impl IssuerName {
    /// Parses a name; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "none" {
            return Ok(Self::None);
        }
        if !text.contains(['{', '}']) {
            return Ok(Self::Exact(text.to_owned()));
        }
        Template::parse(text)
            .map(Self::Template)
            .ok_or("may have one {claim}, as a whole segment of the URL's path")
    }
}

/// As the configuration has it.
impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(iss) => f.write_str(iss),
            Self::Template(template) => template.fmt(f),
            Self::None => f.write_str("none"),
        }
    }
}

impl Template {
    fn parse(text: &str) -> Option<Self> {
        let mut claims = Vec::new();
        let mut segments = Vec::new();
        for (index, segment) in text.split('/').enumerate() {
            let claim = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let name = claim.unwrap_or(segment);
            if name.contains(['{', '}']) {
                return None;
            }
            match claim {
                None => segments.push(Some(segment.to_owned())),
                // A URL's path begins at its fourth segment: https: / empty / host / path.
                Some(claim) if !claim.is_empty() && index >= 3 => {
                    claims.push(claim);
                    segments.push(None);
                }
                Some(_) => return None,
            }
        }
        match claims.as_slice() {
            [claim] => Some(Self { segments, claim: ClaimPath::parse(claim) }),
            _ => None,
        }
    }

    /// Whether this is the issuer of these claims: the segment must equal the
    /// claim that it stands for.
    pub(super) fn is_issuer(&self, iss: &str, claims: &Map<String, Value>) -> bool {
        let mut value = None;
        let mut parts = iss.split('/');
        let fits = self.segments.iter().all(|segment| match (segment, parts.next()) {
            (Some(literal), Some(part)) => literal == part,
            (None, Some(part)) => {
                value = Some(part).filter(|part| !part.is_empty());
                value.is_some()
            }
            (_, None) => false,
        });
        fits && parts.next().is_none()
            && self.claim.find(claims).is_some_and(|claim| claim.as_str() == value)
    }

    /// How many segments it has, and which of them stands for the claim.
    pub(super) fn shape(&self) -> (usize, usize) {
        let hole = self.segments.iter().position(Option::is_none);
        (self.segments.len(), hole.unwrap_or_default())
    }

    /// Whether a text is the same template, but for the claim's name.
    pub(crate) fn is_alike(&self, text: &str) -> bool {
        Self::parse(text).is_some_and(|other| self.segments == other.segments)
    }

    /// Whether an `iss` may be of this issuer, whatever the claims say.
    pub(crate) fn covers(&self, iss: &str) -> bool {
        let mut parts = iss.split('/');
        let fits = self.segments.iter().all(|segment| match (segment, parts.next()) {
            (Some(literal), Some(part)) => literal == part,
            (None, Some(part)) => !part.is_empty(),
            (_, None) => false,
        });
        fits && parts.next().is_none()
    }

    /// Whether some issuer matches both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.segments.len() == other.segments.len()
            && self
                .segments
                .iter()
                .zip(&other.segments)
                .all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            match segment {
                Some(literal) => f.write_str(literal)?,
                None => write!(f, "{{{}}}", self.claim.as_str())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ENTRA: &str = "https://login.microsoftonline.com/{tid}/v2.0";

    fn template(text: &str) -> Template {
        match IssuerName::parse(text) {
            Ok(IssuerName::Template(template)) => template,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_name_is_shown_as_it_was_given() {
        for text in [ENTRA, "https://a.example/", "https://a.example/{t}", "none", "any text"] {
            assert_eq!(IssuerName::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_claim_is_one_whole_segment_of_the_path() {
        for bad in [
            "{tid}",
            "https://{tid}/v2.0",
            "https://a.example/{a}/{b}",
            "https://a.example/x{tid}",
            "https://a.example/{}",
            "https://a.example/{a{b}}",
            "https://a.example/{tid",
        ] {
            assert!(IssuerName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_segment_must_equal_the_claim() {
        let claims = json!({"tid": "t-1"});
        let is_issuer = |iss: &str| template(ENTRA).is_issuer(iss, claims.as_object().unwrap());
        assert!(is_issuer("https://login.microsoftonline.com/t-1/v2.0"));
        for iss in [
            "https://login.microsoftonline.com/t-2/v2.0",
            "https://login.microsoftonline.com//v2.0",
            "https://login.microsoftonline.com/t-1/v2.0/",
            "https://login.microsoftonline.com/t-1/x/v2.0",
            "https://login.microsoftonline.com/t-1",
            "https://evil.example/t-1/v2.0",
        ] {
            assert!(!is_issuer(iss), "{iss}");
        }
    }

    #[test]
    fn templates_overlap_where_some_issuer_matches_both() {
        for (other, overlaps) in [
            (ENTRA, true),
            ("https://login.microsoftonline.com/common/{v}", true),
            ("https://login.microsoftonline.com/{tid}/v1.0", false),
            ("https://login.microsoftonline.com/{tid}", false),
        ] {
            assert_eq!(template(ENTRA).overlaps(&template(other)), overlaps, "{other}");
        }
    }
}
