//! A `google.protobuf.Struct` as Envoy hands it over: not as JSON, but in the
//! protobuf wire format.

use prost::Message;
use prost_types::value::Kind;
use serde_json::{Map, Number, Value};

/// The value of a `Struct`; `None` where the bytes are none.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    let document = prost_types::Struct::decode(bytes).ok()?;
    object(document.fields)
}

fn object(fields: impl IntoIterator<Item = (String, prost_types::Value)>) -> Option<Value> {
    let mut object = Map::new();
    for (name, member) in fields {
        object.insert(name, value(member)?);
    }
    Some(Value::Object(object))
}

fn value(value: prost_types::Value) -> Option<Value> {
    Some(match value.kind? {
        Kind::NullValue(_) => Value::Null,
        Kind::BoolValue(flag) => Value::Bool(flag),
        Kind::StringValue(text) => Value::String(text),
        Kind::NumberValue(number) => self::number(number)?,
        Kind::ListValue(list) => {
            let items: Option<Vec<_>> = list.values.into_iter().map(self::value).collect();
            Value::Array(items?)
        }
        Kind::StructValue(members) => object(members.fields)?,
    })
}

/// A `Struct` has floats only; whole ones are integers in JSON.
fn number(number: f64) -> Option<Value> {
    let whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    if whole {
        return Some(Value::Number(Number::from(number as i64)));
    }
    Number::from_f64(number).map(Value::Number)
}
