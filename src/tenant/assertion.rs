//! Where a caller may name the tenant that it means: a header, and places in
//! the path, the host and the query.

use std::borrow::Cow;

use crate::denial::{Code, Denial};
use crate::pattern::{HostPattern, PathPattern};
use crate::request::escape::decode_form;
use crate::request::{Found, Headers, Target};

use super::{Tenancy, TenantName, Trust};

/// One place of `tenancy.assertions`.
#[derive(Debug)]
pub(crate) enum Place {
    /// A path with one `{tenant}` segment.
    Path(PathPattern),
    /// A host with one `{tenant}` label.
    Host(HostPattern),
    /// A query parameter.
    Query(String),
}

/// All places where a tenant may be named.
#[derive(Debug)]
pub(crate) struct Assertions {
    /// `tenancy.header`, in lower case.
    pub(crate) header: String,
    pub(crate) places: Vec<Place>,
}

impl Assertions {
    /// The names that the request asserts, each with the place's name.
    pub(super) fn read(
        &self,
        tenancy: &Tenancy,
        trust: &Trust,
        headers: &Headers<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(TenantName, &str)>, Denial> {
        let mut asserted = Vec::new();
        for (found, place, may_be_empty) in self.found(trust, headers, target) {
            if !may_be_empty && found == Found::Once(Vec::new()) {
                return Err(Denial::by(Code::TenantMalformed, place.to_owned()));
            }
            asserted.extend(name(tenancy, found, place)?);
        }
        Ok(asserted)
    }

    /// What stands in each place, with the place's name, and whether nothing
    /// may stand there.
    pub(super) fn found<'p, 'r>(
        &'p self,
        trust: &Trust,
        headers: &'r Headers<'_>,
        target: &'r Target<'_>,
    ) -> impl Iterator<Item = (Found<Vec<u8>>, &'p str, bool)> + use<'p, 'r> {
        let header = (*trust != Trust::Ignore).then(|| {
            let found = headers.find(self.header.as_bytes()).map(<[u8]>::to_vec);
            (found, self.header.as_str(), true)
        });
        let places = self.places.iter().map(|place| match place {
            Place::Path(pattern) => (
                match pattern.capture(&target.path) {
                    // A %XX in it is read once, as the application will.
                    Some(segment) => Found::Once(decode_segment(segment)),
                    None => Found::Absent,
                },
                "path",
                false,
            ),
            Place::Host(pattern) => (
                match pattern.capture(&target.host) {
                    Some(label) => Found::Once(label.as_bytes().to_vec()),
                    None => Found::Absent,
                },
                "host",
                true,
            ),
            Place::Query(parameter) => {
                (target.query.find(parameter).map(Cow::into_owned), parameter.as_str(), true)
            }
        });
        header.into_iter().chain(places)
    }
}

fn decode_segment(segment: &str) -> Vec<u8> {
    // In a path `+` is a plus sign.
    decode_form(segment.replace('+', "%2B").as_bytes()).into_owned()
}

fn name<'p>(
    tenancy: &Tenancy,
    found: Found<Vec<u8>>,
    place: &'p str,
) -> Result<Option<(TenantName, &'p str)>, Denial> {
    let malformed = || Denial::by(Code::TenantMalformed, place.to_owned());
    let value = match found {
        Found::Absent => return Ok(None),
        Found::Repeated => return Err(malformed()),
        Found::Once(value) if value.is_empty() => return Ok(None),
        Found::Once(value) => value,
    };
    let text = core::str::from_utf8(&value).map_err(|_| malformed())?;
    let name = tenancy.name(text).ok_or_else(malformed)?;
    Ok(Some((name, place)))
}
