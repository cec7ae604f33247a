//! What each place of a document takes, as the readers of the document tell it.

/// What is accepted at a place.
///
/// The readers themselves say it, so it can't differ from what they read. It
/// never leaves out what they accept. What parts of a document say about one
/// another isn't in it, so a document may fit and be refused all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `null`, which turns a default off.
    Null,
    /// `true` or `false`.
    Flag,
    /// Any number.
    Number,
    /// A whole number; `5.0` is one.
    Count {
        /// The least.
        least: u64,
        /// The most, where there is one.
        most: Option<u64>,
    },
    /// Text.
    Text(Form),
    /// One of these words.
    Words(Vec<&'static str>),
    /// A list.
    List {
        /// What each item is.
        items: Box<Shape>,
        /// How many there are at least.
        least: usize,
    },
    /// An object whose names are the document's own.
    Entries {
        /// What names are: text or words.
        names: Box<Shape>,
        /// What each value is.
        values: Box<Shape>,
    },
    /// An object whose names are the guard's.
    Object(ObjectShape),
    /// A set of JSON Web Keys (RFC 7517 section 5).
    KeySet,
    /// Any of several.
    AnyOf(Vec<Shape>),
}

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Any text, the empty one too.
    Any,
    /// Any text that isn't empty.
    Some,
    /// JSON text.
    Json,
    /// A whole number with `ms`, `s`, `m`, `h` or `d`.
    Duration,
    /// A whole number of bytes, alone or with `B`, `KiB`, `MiB` or `GiB`.
    Size,
    /// A date and time (RFC 3339).
    Timestamp,
    /// 64 lower-case hexadecimal digits.
    Digest,
    /// A whole number, then `/sec`, `/min`, `/hour` or `/day`.
    Rate,
    /// A rate, or the name of a tier.
    RateOrTier,
    /// The name of a tier: without `/`.
    TierName,
    /// An address, a CIDR, a wildcard, a range or `*`.
    Address,
    /// The name of a header (RFC 9110 section 5.6.2).
    HeaderName,
    /// The name of a method (RFC 9110 section 9.1), in upper case.
    Method,
    /// The name of an authentication scheme: letters, digits and `-`.
    Scheme,
    /// The name of a tenant.
    TenantName,
    /// A client's or key's id, or a role: at most 256 bytes without control
    /// characters.
    Identifier,
    /// A scope: an identifier without spaces.
    Scope,
    /// A scope that challenges can name (RFC 6749 section 3.3).
    AskedScope,
    /// The name of an action: up to 64 letters, digits and `. _ : -`.
    Action,
    /// The name of an action, or `*` for those that aren't named.
    ActionOrOthers,
    /// A path with `*` and `**`, or `{tenant}`.
    PathPattern,
    /// A host with `*` or `{tenant}`.
    HostPattern,
    /// An absolute `https` or `http` URI.
    Uri,
    /// Printable ASCII without `"` and `\`.
    Quotable,
}

/// An object whose names are the guard's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectShape {
    /// What it is; two objects of one name are the same.
    pub name: &'static str,
    /// Every field it may have.
    pub fields: Vec<FieldShape>,
    /// How many of some fields it may have.
    pub rules: Vec<Rule>,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldShape {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it takes.
    pub shape: Shape,
}

/// How many of some fields an object may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Of these fields.
    pub fields: Vec<&'static str>,
    /// So many.
    pub how_many: HowMany,
}

/// How many of some fields an object may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowMany {
    /// One, and no other.
    ExactlyOne,
    /// One or more.
    AtLeastOne,
    /// One or none.
    AtMostOne,
}
