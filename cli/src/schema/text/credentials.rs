//! Where credentials come from, API keys and the super admin.

use super::{ObjectText, field};

pub(super) const OBJECTS: &[ObjectText] = &[
    ObjectText {
        name: "source",
        about: "A place of a credential: exactly one of `header`, `cookie` and `query`.",
        fields: &[
            field("header", "The name of a header."),
            field("cookie", "The name of a cookie."),
            field("query", "The name of a query parameter. What stands before the proxy may log it."),
            field("scheme", "The scheme before the credential in the header, such as `Bearer`. Its case doesn't count."),
        ],
    },
    ObjectText {
        name: "api_keys",
        about: "API keys: where callers send them, and how they are kept.",
        fields: &[
            field("from", "Where callers send their key.").or(r#"[{"header": "x-api-key"}]"#),
            field("hash", "How digests are made. With `hmac-sha256`, which needs `pepper`, they are worth nothing without it.").or(r#""sha256""#),
            field("pepper", "The secret that `hmac-sha256` is keyed with, 32 bytes or more; best from the environment."),
            field("keys", "Keys that are bound to no tenant. Those of tenants are at their clients.").or("[]"),
        ],
    },
    ObjectText {
        name: "key",
        about: "An API key, by its digest: `sha256`, or `hmac_sha256` with `api_keys.hash: hmac-sha256`.",
        fields: &[
            field("id", "Its name, for logs and the application. Each in a list has its own."),
            field("sha256", "The key's SHA-256 as 64 lower-case hexadecimal digits: `printf %s KEY | sha256sum`."),
            field("hmac_sha256", "The key's HMAC-SHA-256 with `api_keys.pepper`, as 64 lower-case hexadecimal digits."),
            field("scopes", "The scopes that it carries; `*` is every scope.").or("[]"),
            field("roles", "The roles that it carries.").or("[]"),
            field("active", "`false` switches it off.").or("true"),
            field("not_before", "The time from which it is good (RFC 3339)."),
            field("expires", "The time until which it is good (RFC 3339)."),
            field("ip", "The addresses that it may be used from. An empty list allows none."),
            field("limits", "How many requests it may make."),
        ],
    },
    ObjectText {
        name: "super_admin",
        about: "A key that passes every policy. Where it is presented it decides alone.",
        fields: &[
            field("from", "Where the key is sent: in places where no other credential is."),
            field("sha256", "The key's SHA-256 as 64 lower-case hexadecimal digits: `printf %s KEY | sha256sum`."),
            field("tenant", "The tenant that it acts for where it names none. Nobody else can name it."),
        ],
    },
    ObjectText {
        name: "dev_headers",
        about: "Headers by which callers say who they are, without a credential. With `environment: development` only.",
        fields: &[
            field("user", "The header that names the user. A caller without it is refused."),
            field("tenant", "The header that names the tenant. It may be `tenancy.header`."),
        ],
    },
    ObjectText {
        name: "revocation",
        about: "Tokens that are accepted no more: of an issuer, and exactly one of `subject`, `client`, `jti` and `sid`.",
        fields: &[
            field("issuer", "The issuer, by its name or its `iss`."),
            field("subject", "All tokens of this subject."),
            field("client", "All tokens of this client."),
            field("jti", "The one token with this id."),
            field("sid", "All tokens of this session."),
            field("issued_before", "Only tokens that were issued before this time (RFC 3339), or don't say when. Absent: all of them."),
        ],
    },
];
