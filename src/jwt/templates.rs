//! Issuers whose `iss` holds a claim, found by the rest of it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::issuer_name::Template;

/// Templates, each with the place of its issuer.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// How many segments templates have, and which of them the claim is: one
    /// entry for each such pair, however many templates there are.
    shapes: Vec<(usize, usize)>,
    /// By all segments but the claim, in the order of the issuers.
    by_text: HashMap<String, Vec<(Template, usize)>>,
}

impl Templates {
    pub(super) fn clear(&mut self) {
        self.shapes.clear();
        self.by_text.clear();
    }

    pub(super) fn add(&mut self, template: &Template, issuer: usize) {
        let shape = template.shape();
        if !self.shapes.contains(&shape) {
            self.shapes.push(shape);
        }
        let same = self.by_text.entry(without(&template.to_string(), shape.1)).or_default();
        same.push((template.clone(), issuer));
    }

    /// The first issuer that this is the `iss` of.
    pub(super) fn find(&self, iss: &str, claims: &Map<String, Value>) -> Option<usize> {
        if self.shapes.is_empty() {
            return None;
        }
        let segments = iss.split('/').count();
        let fitting = self.shapes.iter().filter(|(count, _)| *count == segments);
        let first = |&(_, hole): &(usize, usize)| {
            let same = self.by_text.get(&without(iss, hole))?;
            let found = same.iter().find(|(template, _)| template.is_issuer(iss, claims));
            found.map(|(_, issuer)| *issuer)
        };
        fitting.filter_map(first).min()
    }
}

/// A text without the segment of this number. Braces are in no literal of a
/// template: what stands for the segment is nothing else.
fn without(text: &str, hole: usize) -> String {
    let mut rest = String::with_capacity(text.len());
    for (index, segment) in text.split('/').enumerate() {
        if index > 0 {
            rest.push('/');
        }
        rest.push_str(if index == hole { "{}" } else { segment });
    }
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::jwt::IssuerName;

    fn segments() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(&["a", "b", "", "v"][..]), 1..4)
    }

    proptest! {
        #[test]
        fn the_first_that_fits_is_what_a_search_through_all_finds(
            templates in prop::collection::vec((segments(), 0_usize..3, any::<bool>()), 0..9),
            asked in prop::collection::vec(segments(), 1..9),
        ) {
            let parsed: Vec<Template> = templates.into_iter().map(|(mut segments, hole, other)| {
                let hole = hole % segments.len();
                segments[hole] = if other { "{other}" } else { "{claim}" };
                match IssuerName::parse(&format!("https://x/{}", segments.join("/"))) {
                    Ok(IssuerName::Template(template)) => template,
                    name => panic!("{name:?}"),
                }
            }).collect();
            let mut index = Templates::default();
            for (issuer, template) in parsed.iter().enumerate() {
                index.add(template, issuer);
            }
            let claims = json!({"claim": "v", "other": "a"});
            let claims = claims.as_object().unwrap();
            for segments in asked {
                let iss = format!("https://x/{}", segments.join("/"));
                let plain = parsed.iter().position(|template| template.is_issuer(&iss, claims));
                prop_assert_eq!(index.find(&iss, claims), plain, "{}", iss);
            }
        }
    }
}
