//! Lists of `tenant:key,tenant:key,key`.

use super::env::Text;
use super::settings::Settings;
use crate::source::Position;

/// An item of such a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair<'v> {
    /// The tenant; `None` for an item that names none.
    pub(crate) tenant: Option<String>,
    /// What is bound to it.
    pub(crate) value: &'v str,
    /// Where that stands.
    pub(crate) at: Position,
}

/// Reads a list of keys. The first colon splits, so a key may hold more of
/// them; an item without one is a key of no tenant.
pub(crate) fn keys<'v>(settings: &Settings<'v>, name: &str) -> Vec<Pair<'v>> {
    read(settings, name, "key", false)
}

/// Reads a list of agents. The tenant comes first because a DID holds colons
/// itself; an item always names one.
pub(crate) fn agents<'v>(settings: &Settings<'v>, name: &str) -> Vec<Pair<'v>> {
    read(settings, name, "agent", true)
}

fn read<'v>(settings: &Settings<'v>, name: &str, what: &str, bound: bool) -> Vec<Pair<'v>> {
    let items = settings.list(name).unwrap_or_default();
    let mut pairs: Vec<Pair<'v>> = Vec::new();
    for item in items {
        let Some(pair) = pair(settings, name, what, bound, item) else { continue };
        // The values may be secrets, so nothing but places is told.
        match pairs.iter().find(|known| known.value == pair.value) {
            None => pairs.push(pair),
            Some(known) if known.tenant == pair.tenant => {}
            Some(known) => settings.tell(
                pair.at,
                format!(
                    "{name} gives this {what} to two tenants, first in {}: whoever has it could act for both; give each tenant its own",
                    known.at
                ),
            ),
        }
    }
    pairs
}

fn pair<'v>(
    settings: &Settings<'v>,
    name: &str,
    what: &str,
    bound: bool,
    item: Text<'v>,
) -> Option<Pair<'v>> {
    let Some((tenant, value)) = item.split_once(':') else {
        if bound {
            settings.tell(item.at(), format!("{name} must name a tenant here: tenant:{what}"));
            return None;
        }
        return Some(Pair { tenant: None, value: item.as_str(), at: item.at() });
    };
    let (tenant, value) = (tenant.trim(), value.trim());
    if tenant.is_empty() {
        settings.tell(
            item.at(),
            format!("{name} has no tenant before this colon: write tenant:{what}"),
        );
        return None;
    }
    if value.is_empty() {
        settings.tell(
            item.at(),
            format!("{name} has no {what} behind this colon: write tenant:{what}"),
        );
        return None;
    }
    let tenant = settings.tenant(tenant)?;
    Some(Pair { tenant: Some(tenant), value: value.as_str(), at: value.at() })
}

#[cfg(test)]
mod tests {
    use super::super::env;
    use super::*;
    use std::path::Path;

    type Read = fn(&Settings<'_>) -> Vec<(String, String)>;

    fn told(text: &str, read: Read) -> (Vec<(String, String)>, Vec<String>) {
        let (variables, _) = env::parse(&format!("A={text}"));
        let settings = Settings::new(Path::new("x.env"), &variables);
        let pairs = read(&settings);
        (pairs, settings.into_mistakes().iter().map(ToString::to_string).collect())
    }

    fn shown(pairs: Vec<Pair<'_>>) -> Vec<(String, String)> {
        pairs.into_iter().map(|p| (p.tenant.unwrap_or("-".into()), p.value.to_owned())).collect()
    }

    fn as_keys(settings: &Settings<'_>) -> Vec<(String, String)> {
        shown(keys(settings, "A"))
    }

    fn as_agents(settings: &Settings<'_>) -> Vec<(String, String)> {
        shown(agents(settings, "A"))
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn the_first_colon_splits_and_empty_items_are_dropped() {
        let (read, mistakes) = told(" acme : k1 , ,globex:k:2,bare,acme:k1", as_keys);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(read, pairs(&[("acme", "k1"), ("globex", "k:2"), ("-", "bare")]));
        let (read, mistakes) = told("acme:did:web:agents.example:alice", as_agents);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(read, pairs(&[("acme", "did:web:agents.example:alice")]));
    }

    #[test]
    fn an_empty_side_is_refused_with_its_place() {
        for (text, place, words) in [
            (":secret", "x.env:1:3", "no tenant before"),
            ("a:k, b: ", "x.env:1:8", "no key behind"),
            ("a b:secret", "x.env:1:3", "no name of a tenant"),
        ] {
            let (_, mistakes) = told(text, as_keys);
            assert_eq!(mistakes.len(), 1, "{text}");
            assert!(mistakes[0].starts_with(place) && mistakes[0].contains(words), "{mistakes:?}");
            assert!(!mistakes[0].contains("secret"), "{mistakes:?}");
        }
        let (_, mistakes) = told("alice", as_agents);
        assert!(mistakes[0].contains("must name a tenant"), "{mistakes:?}");
    }

    #[test]
    fn a_key_of_two_tenants_is_refused_and_twice_in_one_is_fine() {
        let (read, mistakes) = told("a:k,a:k", as_keys);
        assert_eq!((read.len(), mistakes.len()), (1, 0));
        let (_, mistakes) = told("a:secret,b:secret,secret", as_keys);
        assert_eq!(mistakes.len(), 2);
        assert!(
            mistakes[0].starts_with("x.env:1:14: A gives this key to two tenants, first in 1:5")
        );
        assert!(mistakes.iter().all(|mistake| !mistake.contains("secret")), "{mistakes:?}");
    }
}
