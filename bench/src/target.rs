//! What the guard may cost, beside what it was measured to cost.

use crate::rounds::{Series, difference, ratio};
use crate::scenario::Junk;
use crate::stats::Estimate;

/// How a variant is compared with another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Its added CPU time over that of the other.
    Ratio(f64),
    /// Its added CPU time less that of the other, in microseconds.
    Microseconds(f64),
    /// As a ratio, with nothing asked.
    Told,
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Target {
    /// The variant.
    pub variant: String,
    /// What it is compared with.
    pub reference: String,
    /// What it may cost at most.
    pub bound: Bound,
}

/// What a comparison came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The comparison.
    pub target: Target,
    /// The value, in the bound's unit.
    pub found: Estimate,
}

impl Outcome {
    /// Whether the value is within the bound; `None` where none is asked.
    pub fn is_met(&self) -> Option<bool> {
        match self.target.bound {
            Bound::Ratio(most) | Bound::Microseconds(most) => Some(self.found.value <= most),
            Bound::Told => None,
        }
    }
}

/// All comparisons.
pub fn all() -> Vec<Target> {
    let target = |variant: &str, reference: &str, bound| Target {
        variant: variant.to_owned(),
        reference: reference.to_owned(),
        bound,
    };
    let mut all = vec![
        target("guard, warm token", "native chain, cache", Bound::Ratio(1.0)),
        target("guard, warm token", "native chain, cache, no limit headers", Bound::Told),
        target("guard, warm token", "jwt_authn, cache", Bound::Told),
        target("guard, warm token", "empty wasm filter", Bound::Told),
        target("guard, warm token", "guard, warm token, no backstop", Bound::Told),
        target("empty wasm filter", "native chain, cache", Bound::Told),
        target("empty wasm filter", "native API keys, 10", Bound::Told),
        target("guard, API key of 10", "native chain, cache", Bound::Ratio(1.0)),
        target("guard, API key of 100000", "native chain, cache", Bound::Ratio(1.0)),
        target("guard, API key of 10", "native API keys, 10", Bound::Told),
        target("guard, API key of 100000", "native API keys, 100000", Bound::Told),
        target("guard, API key of 100000", "guard, API key of 10", Bound::Told),
    ];
    for signer in ["RS256", "ES256"] {
        let guard = format!("guard, no cache, {signer}");
        let native = format!("native chain, no cache, {signer}");
        all.push(target(&guard, &native, Bound::Ratio(0.8)));
        let guard = format!("guard, cache, {signer}, new tokens");
        all.push(target(&guard, &format!("{native}, new tokens"), Bound::Ratio(0.8)));
    }
    all.extend(Junk::ALL.into_iter().map(|junk| {
        let variant = format!("guard, junk: {}", junk.name());
        match junk {
            Junk::Signature => target(&variant, "guard, no cache, RS256", Bound::Ratio(1.2)),
            _ => target(&variant, "empty wasm filter", Bound::Microseconds(8.0)),
        }
    }));
    all
}

/// Compares; a comparison of which a part wasn't measured is left out.
pub fn outcomes(series: &[Series]) -> Vec<Outcome> {
    let find = |name: &str| series.iter().find(|series| series.name == name);
    all()
        .into_iter()
        .filter_map(|target| {
            let (over, under) = (find(&target.variant)?, find(&target.reference)?);
            let found = match target.bound {
                Bound::Microseconds(_) => difference(over, under),
                Bound::Ratio(_) | Bound::Told => ratio(over, under),
            };
            Some(Outcome { target, found })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::Set;

    #[test]
    fn every_comparison_is_of_variants_that_are_measured() {
        let set = Set::all(1_800_000_000);
        let known = |name: &str| set.variants.iter().any(|variant| variant.name == name);
        for target in all() {
            assert!(known(&target.variant) && known(&target.reference), "{target:?}");
        }
    }

    #[test]
    fn a_bound_is_met_by_what_is_no_more() {
        let outcome = |bound, value| Outcome {
            target: Target { variant: String::new(), reference: String::new(), bound },
            found: Estimate { value, low: value, high: value },
        };
        assert_eq!(outcome(Bound::Ratio(1.0), 1.0).is_met(), Some(true));
        assert_eq!(outcome(Bound::Ratio(1.0), 1.01).is_met(), Some(false));
        assert_eq!(outcome(Bound::Microseconds(8.0), 9.0).is_met(), Some(false));
        assert_eq!(outcome(Bound::Told, 9.0).is_met(), None);
    }

    #[test]
    fn junk_is_compared_by_what_it_adds_to_the_empty_filter() {
        let series = |name: &str, added: f64| Series {
            name: name.to_owned(),
            cpu: vec![15.0 + added; 3],
            base: vec![15.0; 3],
            ..Series::default()
        };
        let all = [series("guard, junk: bad shape", 9.5), series("empty wasm filter", 4.0)];
        let found = outcomes(&all);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].found.value, found[0].is_met()), (5.5, Some(true)));
    }
}
