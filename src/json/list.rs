//! Long lists, of which only one item is in memory as a tree at a time.

use core::cell::RefCell;
use core::fmt;

use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{At, Unique};

/// Parses an object, but for the list that its field of this name is, which
/// stays text. In its place is an empty list. Tells the paths of repeated
/// names, but for those in that text, which is only JSON by its form.
///
/// # Errors
/// Where it is no object, or not JSON.
pub(crate) fn parse_but_list<'d>(
    text: &'d [u8],
    name: &str,
) -> Result<(Value, Option<&'d str>, Vec<String>), serde_json::Error> {
    let duplicates = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(text);
    let but = ButList { name, unique: Unique { duplicates: &duplicates, at: &At::ROOT } };
    let (value, list) = reader.deserialize_map(but)?;
    reader.end()?;
    Ok((value, list, duplicates.into_inner()))
}

/// Parses a list and hands its items over one by one, each with its place.
/// Repeated names go into `duplicates`.
///
/// # Errors
/// Where it is no list, or not JSON.
pub(crate) fn each_item(
    text: &str,
    at: &At<'_>,
    duplicates: &RefCell<Vec<String>>,
    take: impl FnMut(&Value, &At<'_>),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_seq(Items { unique: Unique { duplicates, at }, take })?;
    reader.end()
}

/// An object, of which one list stays text.
struct ButList<'a> {
    name: &'a str,
    unique: Unique<'a>,
}

impl<'de> Visitor<'de> for ButList<'_> {
    type Value = (Value, Option<&'de str>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let (mut map, mut list) = (Map::new(), None);
        while let Some(name) = entries.next_key::<String>()? {
            if name != self.name || map.contains_key(&name) {
                self.unique.member(&mut map, name, &mut entries)?;
                continue;
            }
            let text = entries.next_value::<&RawValue>()?.get();
            if !text.starts_with('[') {
                return Err(A::Error::custom("no list"));
            }
            list = Some(text);
            map.insert(name, Value::Array(Vec::new()));
        }
        Ok((Value::Object(map), list))
    }
}

/// The items of a list, each gone before the next.
struct Items<'a, F> {
    unique: Unique<'a>,
    take: F,
}

impl<'de, F: FnMut(&Value, &At<'_>)> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let Unique { duplicates, at } = self.unique;
        for index in 0.. {
            let at = at.index(index);
            let Some(item) = items.next_element_seed(Unique { duplicates, at: &at })? else {
                break;
            };
            (self.take)(&item, &at);
        }
        Ok(())
    }
}
