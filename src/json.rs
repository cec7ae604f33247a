//! JSON that means one thing only.
//!
//! RFC 8259 leaves open what a repeated name means, and parsers differ: the
//! first value, the last, or an error. A document or token whose readers could
//! disagree is no ground for a decision, so repeated names are found at every
//! depth. Depth itself is capped by serde_json (128 levels).

mod list;

pub(crate) use list::{each_item, parse_but_list};

use core::cell::RefCell;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Why a text is no JSON value that the guard reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Not JSON, too deep, or something follows it. Says where, and nothing of
    /// the text.
    Syntax { line: usize, column: usize, what: String },
    /// A name is there twice. The paths of all of them.
    Duplicates(Vec<String>),
}

/// Parses one JSON value; a repeated name is an error.
pub(crate) fn parse(text: &[u8]) -> Result<Value, JsonError> {
    match parse_with_duplicates(text)? {
        (value, duplicates) if duplicates.is_empty() => Ok(value),
        (_, duplicates) => Err(JsonError::Duplicates(duplicates)),
    }
}

/// How many repeated names are told of. Their paths are much longer than the
/// text that makes them: without a bound 16 KiB of token become megabytes.
const MOST_TOLD: usize = 100;

/// Parses one JSON value and tells the paths of repeated names, of which the
/// first counts.
pub(crate) fn parse_with_duplicates(text: &[u8]) -> Result<(Value, Vec<String>), JsonError> {
    let duplicates = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_str(utf8(text)?);
    let seed = Unique { duplicates: &duplicates, at: &At::ROOT };
    let value = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| JsonError::Syntax {
            line: error.line(),
            column: error.column(),
            what: describe(&error),
        })?;
    Ok((value, duplicates.into_inner()))
}

/// The text of JSON, which is UTF-8 (RFC 8259 section 8.1). Checked as a whole
/// it costs a fraction of checking it string by string.
fn utf8(text: &[u8]) -> Result<&str, JsonError> {
    core::str::from_utf8(text).map_err(|error| {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let mut lines = before.rsplit(|&byte| byte == b'\n');
        let column = lines.next().unwrap_or_default().len().saturating_add(1);
        let line = lines.count().saturating_add(1);
        JsonError::Syntax { line, column, what: "not UTF-8".into() }
    })
}

/// The kind of error in words that hold nothing of the text: serde_json quotes
/// what it found, and that may be a secret.
fn describe(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "the text ends too early".into(),
        _ => "not valid JSON (which has no comments, and no comma after the last item), or nested too deep"
            .into(),
    }
}

/// A place in a JSON value, as `jwt.issuers[1].audiences`; its text is made only
/// where a message needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    up: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub(crate) const ROOT: At<'static> = At { up: None, step: Step::Root };

    pub(crate) fn name(&'a self, name: &'a str) -> Self {
        Self { up: Some(self), step: Step::Name(name) }
    }

    /// As how many-th it stands in its list; 0 where it is in none.
    pub(crate) fn last_index(&self) -> usize {
        match self.step {
            Step::Index(index) => index,
            Step::Root | Step::Name(_) => 0,
        }
    }

    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self { up: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            up.fmt(f)?;
            if matches!(self.step, Step::Name(_)) && !matches!(up.step, Step::Root) {
                f.write_str(".")?;
            }
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

#[derive(Clone, Copy)]
struct Unique<'a> {
    duplicates: &'a RefCell<Vec<String>>,
    at: &'a At<'a>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let at = self.at.index(list.len());
            match items.next_element_seed(Unique { duplicates: self.duplicates, at: &at })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            self.member(&mut map, name, &mut entries)?;
        }
        Ok(Value::Object(map))
    }
}

impl Unique<'_> {
    /// Adds the next member of an object, unless its name is there already.
    fn member<'de, A: MapAccess<'de>>(
        self,
        map: &mut Map<String, Value>,
        name: String,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        let at = self.at.name(&name);
        let value = entries.next_value_seed(Unique { duplicates: self.duplicates, at: &at })?;
        match map.entry(name) {
            Entry::Vacant(free) => {
                free.insert(value);
            }
            Entry::Occupied(taken) => {
                let mut told = self.duplicates.try_borrow_mut().map_err(A::Error::custom)?;
                if told.len() < MOST_TOLD {
                    told.push(self.at.name(taken.key()).to_string());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_given_twice_is_an_error_at_every_depth() {
        for (text, path) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":{"b":1,"b":2}}"#, "a.b"),
            (r#"{"a":[{},{"c":1,"c":2}]}"#, "a[1].c"),
            // The same name, spelled with an escape.
            (r#"{"a":1,"\u0061":2}"#, "a"),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::Duplicates(vec![path.into()])));
        }
    }

    #[test]
    fn all_repeated_names_are_told_at_once() {
        let text = br#"{"a":1,"a":2,"b":{"c":1,"c":1}}"#;
        assert_eq!(parse(text), Err(JsonError::Duplicates(vec!["a".into(), "b.c".into()])));
    }

    #[test]
    fn very_many_repeated_names_are_not_all_told() {
        let text = format!("{{{}\"a\":0}}", "\"a\":0,".repeat(1_000));
        let Err(JsonError::Duplicates(told)) = parse(text.as_bytes()) else {
            panic!("it parsed");
        };
        assert_eq!(told.len(), MOST_TOLD);
    }

    #[test]
    fn what_follows_the_value_is_an_error() {
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"{}\0").is_err());
        assert!(parse(b" {} \n").is_ok());
    }

    #[test]
    fn depth_and_encoding_are_bounded() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(parse(deep.as_bytes()).is_err());
        assert!(parse(b"\xef\xbb\xbf{}").is_err(), "a byte order mark");
        assert!(parse(b"{\"a\":\"\xff\"}").is_err(), "not UTF-8");
        assert!(parse(br#"{"a":"\ud800"}"#).is_err(), "half a surrogate pair");
        assert!(parse(br#"{"a":1e400}"#).is_err(), "a number past all bounds");
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_told_by_their_place() {
        for (text, line, column) in
            [(&b"\xff"[..], 1, 1), (b"{\"a\":\n\n \"b\xc3\"}", 3, 4), (b"{}\n\xe2\x82", 2, 1)]
        {
            let what = "not UTF-8".to_owned();
            assert_eq!(parse(text), Err(JsonError::Syntax { line, column, what }));
        }
    }

    #[test]
    fn an_error_tells_nothing_of_the_text() {
        let Err(JsonError::Syntax { what, .. }) = parse(br#"{"secret": hunter2}"#) else {
            panic!("it parsed");
        };
        assert!(!what.contains("hunter2"));
    }
}
