//! What editors show of each object and field: its meaning, its unit and its
//! default.

mod credentials;
mod document;
mod issuers;
mod requests;
mod tenants;

/// What an object is, and its fields.
#[derive(Debug)]
pub(super) struct ObjectText {
    /// Its name in the core's shapes.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) fields: &'static [FieldText],
}

/// What a field says.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldText {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What counts where it is absent, as JSON text.
    pub(super) default: Option<&'static str>,
}

/// A field that is absent unless it is given.
const fn field(name: &'static str, about: &'static str) -> FieldText {
    FieldText { name, about, default: None }
}

impl FieldText {
    /// The same field with a default, as JSON text.
    const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

const TABLES: [&[ObjectText]; 5] = [
    document::OBJECTS,
    credentials::OBJECTS,
    issuers::OBJECTS,
    tenants::OBJECTS,
    requests::OBJECTS,
];

/// All objects.
pub(super) fn objects() -> impl Iterator<Item = &'static ObjectText> {
    TABLES.into_iter().flatten()
}

/// The text of an object.
pub(super) fn object(name: &str) -> Option<&'static ObjectText> {
    objects().find(|object| object.name == name)
}

impl ObjectText {
    /// The text of one of its fields.
    pub(super) fn field(&self, name: &str) -> Option<&'static FieldText> {
        self.fields.iter().find(|field| field.name == name)
    }
}
