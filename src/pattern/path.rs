//! Path patterns: literal segments, `*` for one, `**` for any number.

use core::fmt;

use super::tree::Step;
use crate::request::path::{CanonicalPath, PathRules};

/// A pattern over the segments of a canonical path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    Many,
    /// `{tenant}`: one segment, captured.
    Tenant,
}

impl Segment {
    fn accepts(&self, segment: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == segment,
            Self::One | Self::Many | Self::Tenant => true,
        }
    }
}

impl PathPattern {
    /// Parses a pattern, in the spelling that canonical paths have; the error
    /// says what is wrong with it.
    pub(crate) fn parse(text: &str, rules: PathRules) -> Result<Self, String> {
        if text.contains('?') {
            return Err("can never match: a query is no part of the path".into());
        }
        // Wildcards stand for themselves in a canonical path, braces don't.
        let is_tenant: Vec<bool> = text.split('/').skip(1).map(|raw| raw == "{tenant}").collect();
        let plain: Vec<&str> =
            text.split('/').map(|raw| if raw == "{tenant}" { "tenant" } else { raw }).collect();
        let plain = plain.join("/");
        let canonical = CanonicalPath::parse(plain.as_bytes(), rules)
            .map_err(|why| format!("can never match: {}", why.rule()))?;
        if canonical.decoded_segments().is_some() {
            return Err("can never match: it has a %XX of a reserved character, which no application tells from the plain one; write it plainly".into());
        }
        let mut segments = Vec::new();
        for (segment, is_tenant) in canonical.segments().into_iter().zip(is_tenant) {
            segments.push(match segment {
                _ if is_tenant => Segment::Tenant,
                "*" => Segment::One,
                "**" => Segment::Many,
                partial if partial.contains('*') => {
                    return Err("has a * within a segment; * stands for a whole segment".into());
                }
                partial if partial.contains("%7B") => {
                    return Err("has a { within a segment; {tenant} stands for a whole one".into());
                }
                literal => Segment::Literal(literal.to_owned()),
            });
        }
        Ok(Self { segments })
    }

    /// Its segments up to the first `**`.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.segments.iter().map_while(|segment| match segment {
            Segment::Literal(literal) => Some(Step::Literal(literal)),
            Segment::One | Segment::Tenant => Some(Step::Any),
            Segment::Many => None,
        })
    }

    /// Whether it ends with `**`.
    pub(crate) fn has_last_many(&self) -> bool {
        self.segments.last() == Some(&Segment::Many)
    }

    /// How many of its segments are `{tenant}`.
    pub(crate) fn tenants(&self) -> usize {
        self.segments.iter().filter(|segment| **segment == Segment::Tenant).count()
    }

    /// Whether `**` stands anywhere but at the end.
    pub(crate) fn has_inner_many(&self) -> bool {
        self.segments.iter().rev().skip(1).any(|segment| *segment == Segment::Many)
    }

    /// Whether the segments of a path match.
    pub(crate) fn matches(&self, path: &[&str]) -> bool {
        // As with any glob: on a mismatch, the last `**` takes one more.
        let (mut pattern, mut rest) = (self.segments.as_slice(), path);
        let mut retry: Option<(&[Segment], &[&str])> = None;
        loop {
            match (pattern.split_first(), rest.split_first()) {
                (None, None) => return true,
                (Some((Segment::Many, after)), _) => {
                    retry = Some((after, rest));
                    pattern = after;
                    continue;
                }
                (Some((segment, after)), Some((first, others))) if segment.accepts(first) => {
                    pattern = after;
                    rest = others;
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = retry else {
                return false;
            };
            let Some((_, others)) = from.split_first() else {
                return false;
            };
            retry = Some((after, others));
            pattern = after;
            rest = others;
        }
    }

    /// The segment at `{tenant}`, where the path matches as it is or as a
    /// reader that decodes reserved characters has it. Patterns with `{tenant}`
    /// have `**` at their end only, so that there is one.
    pub(crate) fn capture<'p>(&self, path: &'p CanonicalPath) -> Option<&'p str> {
        let mut readings = [Some(path.segments()), path.decoded_segments()].into_iter().flatten();
        let segments = readings.find(|segments| self.matches(segments))?;
        let index = self.segments.iter().position(|segment| *segment == Segment::Tenant)?;
        segments.get(index).copied()
    }

    /// How many literal segments at the beginning of a path are as the pattern
    /// has them, but for case, up to where they differ.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn shared(&self, path: &[&str]) -> usize {
        let is_like = |segment: &Segment, part: &str| match segment {
            Segment::Literal(text) => text.eq_ignore_ascii_case(part),
            other => other.accepts(part),
        };
        let pairs = self.segments.iter().zip(path);
        let same = pairs.take_while(|(segment, part)| is_like(segment, part));
        same.filter(|(segment, _)| matches!(segment, Segment::Literal(_))).count()
    }

    /// Whether every path that `other` matches is matched by this one. May say
    /// no where it is so, never yes where it isn't.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        covers(&self.segments, &other.segments)
    }
}

/// As the configuration has it, in the canonical spelling.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str("/");
        }
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Literal(literal) => write!(f, "/{literal}"),
            Segment::One => f.write_str("/*"),
            Segment::Many => f.write_str("/**"),
            Segment::Tenant => f.write_str("/{tenant}"),
        })
    }
}

fn covers(mine: &[Segment], theirs: &[Segment]) -> bool {
    // From the ends: `row[j]` is whether the rest of mine covers theirs from j.
    let ends = theirs.len().saturating_add(1);
    let mut row: Vec<bool> = (0..ends).map(|j| j == theirs.len()).collect();
    for segment in mine.iter().rev() {
        let mut next = vec![false; ends];
        for j in (0..ends).rev() {
            let after = |row: &[bool]| row.get(j.saturating_add(1)).copied().unwrap_or(false);
            let covered = match (segment, theirs.get(j)) {
                (Segment::Many, _) => row.get(j).copied().unwrap_or(false) || after(&next),
                (_, None | Some(Segment::Many)) => false,
                (Segment::Literal(mine), Some(Segment::Literal(theirs))) => {
                    mine == theirs && after(&row)
                }
                (Segment::Literal(_), Some(_)) => false,
                _ => after(&row),
            };
            if let Some(cell) = next.get_mut(j) {
                *cell = covered;
            }
        }
        row = next;
    }
    row.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> PathPattern {
        PathPattern::parse(text, PathRules::default()).unwrap()
    }

    fn matches(text: &str, path: &str) -> bool {
        let path = CanonicalPath::parse(path.as_bytes(), PathRules::default()).unwrap();
        pattern(text).matches(&path.segments())
    }

    #[test]
    fn wildcards_match_whole_segments() {
        for (text, yes, no) in [
            ("/", vec!["/"], vec!["/a"]),
            ("/x", vec!["/x", "/x/"], vec!["/", "/x/y", "/X", "/xy"]),
            ("/x/*", vec!["/x/y", "/x/y/"], vec!["/x", "/x/y/z"]),
            ("/x/**", vec!["/x", "/x/", "/x/y", "/x/y/z"], vec!["/xy", "/"]),
            ("/**", vec!["/", "/a", "/a/b"], vec![]),
            ("/**/b", vec!["/b", "/a/b", "/b/b"], vec!["/b/a", "/"]),
            ("/a/**/b/*/c", vec!["/a/b/x/c", "/a/b/b/y/c", "/a/b/b/b/c"], vec!["/a/b/c"]),
        ] {
            for path in yes {
                assert!(matches(text, path), "{text} {path}");
            }
            for path in no {
                assert!(!matches(text, path), "{text} {path}");
            }
        }
    }

    #[test]
    fn a_pattern_is_literal_but_for_its_wildcards() {
        assert!(!matches("/a.c", "/abc"));
        assert!(matches("/a+(b)", "/a+(b)"));
        assert!(matches("/%61bc", "/abc"));
    }

    #[test]
    fn patterns_that_can_never_match_are_errors() {
        for text in
            ["x", "", "/a/../b", "/a//b", "/a%2Fb", "/a?b", "/a*", "/{tenant}x", "/a;b", "/a%40b"]
        {
            assert!(PathPattern::parse(text, PathRules::default()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_tenant_segment_is_captured() {
        let path = CanonicalPath::parse(b"/v1/orgs/acme/users", PathRules::default()).unwrap();
        assert_eq!(pattern("/v1/orgs/{tenant}/**").capture(&path), Some("acme"));
        assert_eq!(pattern("/v2/orgs/{tenant}/**").capture(&path), None);
        assert_eq!(pattern("/v1/orgs/tenant/**").tenants(), 0, "a segment like any other");
    }

    #[test]
    fn an_encoded_character_beside_the_tenant_segment_hides_nothing() {
        for (text, raw) in [("/a:b/{tenant}", "/a%3Ab/acme"), ("/[x]/{tenant}", "/%5Bx%5d/acme")] {
            let path = CanonicalPath::parse(raw.as_bytes(), PathRules::default()).unwrap();
            assert_eq!(pattern(text).capture(&path), Some("acme"), "{text} {raw}");
        }
    }

    #[test]
    fn a_hard_pattern_takes_no_exponential_time() {
        let text = "/**/a".repeat(20) + "/b";
        let path = "/a".repeat(2_000);
        assert!(!matches(&text, &path));
    }

    #[test]
    fn comparing_hard_patterns_takes_no_exponential_time() {
        let (mine, theirs) = ("/**/a".repeat(40) + "/b", "/**/a".repeat(40) + "/c");
        assert!(!pattern(&mine).covers(&pattern(&theirs)));
        assert!(pattern("/**").covers(&pattern(&theirs)));
    }

    /// Obviously right, and slow.
    fn naive(pattern: &[Segment], path: &[&str]) -> bool {
        match pattern.split_first() {
            None => path.is_empty(),
            Some((Segment::Many, after)) => {
                (0..=path.len()).any(|skip| naive(after, &path[skip..]))
            }
            Some((segment, after)) => {
                !path.is_empty() && segment.accepts(path[0]) && naive(after, &path[1..])
            }
        }
    }

    fn any_pattern() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "*", "**"]), 0..6)
            .prop_map(|segments| format!("/{}", segments.join("/")))
    }

    fn any_path() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..7)
    }

    proptest! {
        #[test]
        fn matching_equals_the_naive_definition(text in any_pattern(), path in any_path()) {
            let pattern = pattern(&text);
            prop_assert_eq!(pattern.matches(&path), naive(&pattern.segments, &path));
        }

        #[test]
        fn what_covers_matches_whatever_the_other_matches(
            mine in any_pattern(), theirs in any_pattern(), path in any_path()
        ) {
            let (mine, theirs) = (pattern(&mine), pattern(&theirs));
            if mine.covers(&theirs) && theirs.matches(&path) {
                prop_assert!(mine.matches(&path));
            }
        }
    }
}
