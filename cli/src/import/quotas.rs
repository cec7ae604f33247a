//! Quotas: `tenant:action=100/min,action=10/min;tenant:action=500/min`.

use std::collections::BTreeMap;

use super::env::Text;
use super::settings::Settings;
use super::tree::{Map, Tree};

/// The quotas of tenants by action, in the order of names.
pub(crate) type Quotas = BTreeMap<String, BTreeMap<String, String>>;

/// What may be limited; `*` is every other action.
const ACTIONS: [&str; 5] = ["publish", "run.start", "capability.declare", "token.issue", "*"];

/// Reads quotas.
pub(crate) fn quotas(settings: &Settings<'_>, name: &str) -> Quotas {
    let mut quotas = Quotas::new();
    let Some(text) = settings.text(name) else { return quotas };
    for part in text.split(';').into_iter().filter(|part| !part.is_empty()) {
        let Some((tenant, rules)) = part.split_once(':') else {
            settings.tell(part.at(), format!("{name} must be tenant:action=count/window here"));
            continue;
        };
        let Some(tenant) = settings.tenant(tenant.trim()) else { continue };
        let known = quotas.entry(tenant).or_default();
        for rule in rules.split(',') {
            if let Some((action, rate)) = self::rule(settings, name, rule)
                && known.insert(action, rate).is_some()
            {
                settings.tell(
                    rule.at(),
                    format!("{name} limits this action of this tenant twice; keep one"),
                );
            }
        }
    }
    quotas
}

fn rule(settings: &Settings<'_>, name: &str, rule: Text<'_>) -> Option<(String, String)> {
    let tell = |text: Text<'_>, problem: &str| {
        settings.tell(text.at(), format!("{name} {problem}"));
        None
    };
    let Some((action, rate)) = rule.split_once('=') else {
        return tell(rule, "must be action=count/window here, as in publish=100/min");
    };
    let (action, rate) = (action.trim(), rate.trim());
    if !ACTIONS.contains(&action.as_str()) {
        return tell(
            action,
            "limits an action that there isn't: publish, run.start, capability.declare, token.issue or *",
        );
    }
    let Some((count, window)) = rate.split_once('/') else {
        return tell(rate, "must have a rate here, as in 100/min");
    };
    let digits = count.as_str().bytes().all(|b| b.is_ascii_digit());
    let number = count.as_str().parse::<u32>().ok().filter(|_| digits);
    let Some(number) = number.filter(|number| *number > 0) else {
        return tell(count, "must have a whole number from 1 on here");
    };
    if !matches!(window.as_str(), "sec" | "min" | "hour") {
        return tell(window, "must have sec, min or hour here");
    }
    Some((action.as_str().to_owned(), format!("{number}/{}", window.as_str())))
}

/// `limits` of a tenant.
pub(crate) fn limits(rules: &BTreeMap<String, String>) -> Tree {
    let mut actions = Map::default();
    for (action, rate) in rules {
        actions = actions.with(action.as_str(), rate.as_str());
    }
    Map::default().with("actions", actions).into()
}

#[cfg(test)]
mod tests {
    use super::super::env;
    use super::*;
    use std::path::Path;

    fn read(text: &str) -> (Quotas, Vec<String>) {
        let (variables, _) = env::parse(&format!("Q='{text}'"));
        let settings = Settings::new(Path::new("x.env"), &variables);
        let quotas = quotas(&settings, "Q");
        (quotas, settings.into_mistakes().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn tenants_are_parted_by_semicolons_and_rules_by_commas() {
        let (quotas, mistakes) =
            read("acme:publish=100/min, run.start=10/hour ;globex:*=5/sec;acme:token.issue=1/min;");
        assert_eq!(mistakes, [""; 0]);
        let shown: Vec<String> = quotas
            .iter()
            .flat_map(|(t, rules)| rules.iter().map(move |(a, r)| format!("{t} {a} {r}")))
            .collect();
        assert_eq!(
            shown,
            [
                "acme publish 100/min",
                "acme run.start 10/hour",
                "acme token.issue 1/min",
                "globex * 5/sec"
            ]
        );
    }

    #[test]
    fn malformed_quotas_are_refused_each_with_its_place() {
        for (text, place) in [
            ("acme", "x.env:1:4"),
            ("acme:", "x.env:1:9"),
            ("acme:publish", "x.env:1:9"),
            ("acme:fly=1/min", "x.env:1:9"),
            ("acme:publish=100", "x.env:1:17"),
            ("acme:publish=x/min", "x.env:1:17"),
            ("acme:publish=+1/min", "x.env:1:17"),
            ("acme:publish=0/min", "x.env:1:17"),
            ("acme:publish=1/day", "x.env:1:19"),
            ("acme:publish=1/min,publish=2/min", "x.env:1:23"),
            ("acme:publish=1/min,,run.start=1/min", "x.env:1:23"),
            ("-:publish=1/min", "x.env:1:4"),
        ] {
            let (_, mistakes) = read(text);
            assert_eq!(mistakes.len(), 1, "{text} {mistakes:?}");
            assert!(mistakes[0].starts_with(place), "{text} {mistakes:?}");
        }
    }
}
