//! Revocations: `jwt.revoked`, and `revoked` of a fetched directory.

use super::node::Node;
use super::shape::HowMany;
use crate::host::Timestamp;
use crate::jwt::{Revocations, Revoked};

const KINDS: [(&str, Revoked); 4] = [
    ("subject", Revoked::Subject),
    ("client", Revoked::Client),
    ("jti", Revoked::Token),
    ("sid", Revoked::Session),
];

/// One revocation as read.
struct Revocation {
    issuer: String,
    values: Vec<(Revoked, String)>,
    issued_before: Option<Timestamp>,
}

/// A list of revocations. One with a mistake revokes all the same, as far as
/// it says whose tokens: where the list is fetched, a mistake must not leave
/// them good.
pub(super) fn revoked(node: Node<'_, '_>) -> Option<Revocations> {
    let mut revocations = Revocations::default();
    for Revocation { issuer, values, issued_before } in node.list(revocation)? {
        for (kind, value) in values {
            revocations.add(kind, &value, &issuer, issued_before);
        }
    }
    Some(revocations)
}

fn revocation(node: Node<'_, '_>) -> Option<Revocation> {
    let object = node.object("revocation")?;
    let issuer = object.required("issuer", |node| node.some_text());
    let mut values = Vec::new();
    for (name, kind) in KINDS {
        let value = object.field(name, |node| node.some_text());
        values.extend(value.map(|value| (kind, value.to_owned())));
    }
    let issued_before = object.field("issued_before", |node| node.timestamp());
    let named = object.count_for(HowMany::ExactlyOne, &KINDS.map(|(name, _)| name));
    object.close();
    if named != 1 {
        node.context.problems.error(node.at, "must name one of subject, client, jti and sid");
    }
    Some(Revocation { issuer: issuer?.to_owned(), values, issued_before })
}
