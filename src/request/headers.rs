//! A request's headers, read once and as bytes.

/// Header names and values in the order they came, names in lower case as
/// proxies give them. Values are bytes: nothing says that a client sends UTF-8.
#[derive(Debug, Clone, Default)]
pub struct Headers<'r>(Vec<(&'r [u8], &'r [u8])>);

/// How often a thing that may be there once was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<T> {
    Absent,
    Once(T),
    Repeated,
}

impl<T> Found<T> {
    /// Of all the items that an iterator yields.
    pub(crate) fn among(mut items: impl Iterator<Item = T>) -> Self {
        match (items.next(), items.next()) {
            (None, _) => Self::Absent,
            (Some(item), None) => Self::Once(item),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    /// The same, with the item made into another.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::Absent => Found::Absent,
            Self::Once(item) => Found::Once(make(item)),
            Self::Repeated => Found::Repeated,
        }
    }
}

impl<'r> Headers<'r> {
    /// From name and value pairs.
    pub fn new(pairs: Vec<(&'r [u8], &'r [u8])>) -> Self {
        Self(pairs)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'r [u8], &'r [u8])> + '_ {
        self.0.iter().copied()
    }

    /// All values of one name.
    pub(crate) fn values<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = &'r [u8]> + 's {
        self.iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of a name that may be there once.
    pub(crate) fn find(&self, name: &[u8]) -> Found<&'r [u8]> {
        Found::among(self.values(name))
    }

    /// Whether there is one of that name.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "the plugin's"))]
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.first(name).is_some()
    }

    /// The first value of a name, for what decides nothing (log lines).
    pub(crate) fn first(&self, name: &[u8]) -> Option<&'r [u8]> {
        self.values(name).next()
    }
}
