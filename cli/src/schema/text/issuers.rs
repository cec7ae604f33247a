//! JWTs, their issuers and keys.

use super::{ObjectText, field};

pub(super) const OBJECTS: &[ObjectText] = &[
    ObjectText {
        name: "jwt",
        about: "JSON Web Tokens: where callers send them, and whose are accepted.",
        fields: &[
            field("from", "Where callers send their token.").or(r#"[{"header": "authorization", "scheme": "Bearer"}]"#),
            field("max_token_bytes", "The longest token that is read, in bytes; also `16KiB`.").or("16384"),
            field("cache_entries", "How many verified tokens each worker keeps.").or("10000"),
            field("cache_bytes", "How much memory each worker keeps verified tokens in, in bytes; also `16MiB`.").or(r#""16MiB""#),
            field("revoked", "Tokens that are accepted no more.").or("[]"),
            field("issuers", "The identity providers whose tokens are accepted.").or("[]"),
        ],
    },
    ObjectText {
        name: "issuer",
        about: "An identity provider whose tokens are accepted.",
        fields: &[
            field("issuer", "Exactly the `iss` of its tokens, its last slash too; or a URL with one `{claim}` as a segment of its path, which must equal that claim. `none` takes tokens without `iss`, in development only."),
            field("name", "Its name for routes and logs. The default is `issuer`."),
            field("audiences", "For whom its tokens must be: one of these must be in the token. Required, unless there is `any_audience`."),
            field("any_audience", "`true` accepts tokens for any audience. Then `claim_values` must tell yours from others, unless `issuer` is `none`.").or("false"),
            field("audience_claims", "The claims that audiences stand in.").or(r#"["aud"]"#),
            field("claim_values", "Claims that must be there, each with the values that it may have. Types count: `true` isn't `\"true\"`.").or("{}"),
            field("algorithms", "The signature algorithms that its tokens may have. The default is those of its keys."),
            field("keys", "The keys that verify its tokens."),
            field("clock_skew", "How far its clock may be off: a duration such as `30s`.").or(r#""30s""#),
            field("max_lifetime", "The longest that a token may be good, from `iat` to `exp`: a duration such as `24h`."),
            field("require_claims", "Claims that must be there.").or(r#"["sub"]"#),
            field("token_types", "The `typ` that a token may have, without regard to case. One without `typ` counts as `JWT`.").or(r#"["JWT", "at+jwt"]"#),
            field("tenant", "Which tenant its tokens are of. Absent, they are bound to none; an issuer of a tenant is bound to that."),
            field("scopes", "The most scopes that its tokens may bring. Absent: no ceiling; `[]`: none."),
            field("roles", "The most roles that its tokens may bring. Absent: no ceiling; `[]`: none."),
            field("claims", "The claims that say who the caller is and what it may do."),
        ],
    },
    ObjectText {
        name: "issuer_keys",
        about: "The keys that verify an issuer's tokens: at least one of these, and not both `jwks_uri` and `discovery`.",
        fields: &[
            field("jwks", "The key set itself, an object or its JSON text. Beside `jwks_uri` or `discovery` it counts until the first fetch."),
            field("jwks_uri", "Where the key set is fetched from."),
            field("discovery", "Where the provider's OpenID configuration is fetched from, which says where its keys are."),
            field("secret", "The secret that HS256, HS384 and HS512 are keyed with, as long as the hash or longer; best from the environment."),
        ],
    },
    ObjectText {
        name: "jwks_uri",
        about: "Where a key set is fetched from.",
        fields: &[
            field("cluster", "The proxy's cluster that the request is sent to."),
            field("uri", "The address of the key set. It must be `https:`, but in development."),
            field("refresh", "How old keys get before they are fetched again: a duration from 100ms to 365d.").or(r#""5m""#),
            field("timeout", "How long an answer may take, and how long a request waits for keys: a duration from 10ms to 60s.").or(r#""2s""#),
            field("max_stale", "How old keys may get when fetches fail, before tokens are refused: a duration, at least `refresh`.").or(r#""24h""#),
            field("cooldown", "The least time between two fetches that requests with unknown keys ask for: a duration.").or(r#""30s""#),
        ],
    },
    ObjectText {
        name: "discovery",
        about: "Where a provider's OpenID configuration is fetched from. Its `issuer` must be the configured one.",
        fields: &[
            field("cluster", "The proxy's cluster that the request is sent to."),
            field("uri", "The address of the configuration. It must be `https:`, but in development."),
            field("jwks_cluster", "The cluster of the key set, where that is at another host than the configuration."),
            field("refresh", "How old keys get before they are fetched again: a duration from 100ms to 365d.").or(r#""5m""#),
            field("timeout", "How long each answer may take, and how long a request waits for keys: a duration from 10ms to 60s.").or(r#""2s""#),
            field("max_stale", "How old keys may get when fetches fail, before tokens are refused: a duration, at least `refresh`.").or(r#""24h""#),
            field("cooldown", "The least time between two fetches that requests with unknown keys ask for: a duration.").or(r#""30s""#),
        ],
    },
    ObjectText {
        name: "tenant_source",
        about: "Which tenant an issuer's tokens are of: one of `claims`, `fixed` and `acts_for`; `subjects` may stand alone or beside.",
        fields: &[
            field("claims", "The claims that name the tenant; the first that is present and not empty decides. A claim may be nested: `realm_access.tenant`, `groups[0]`, `organization.*`."),
            field("fixed", "Every token of this issuer is this tenant's."),
            field("acts_for", "The issuer is of machines that name the tenant that they act for: `any`, or one of a list. What they do is audited."),
            field("subjects", "Single subjects (`sub`) by the tenant that each is bound to.").or("{}"),
            field("allow", "The only tenants that its tokens may name. With a second issuer anywhere, each needs `fixed`, `allow` or `any_tenant`."),
            field("any_tenant", "`true`: its tokens may name every tenant but those that have issuers of their own.").or("false"),
        ],
    },
    ObjectText {
        name: "claim_names",
        about: "The claims that say who the caller is and what it may do, each a name or a list. `null` turns one off.",
        fields: &[
            field("subject", "The caller's id: the first of these that isn't empty.").or(r#"["sub"]"#),
            field("client", "The client that the token was issued to: the first of these that isn't empty.").or(r#"["client_id", "azp", "cid", "appid"]"#),
            field("roles", "The caller's roles: those of all of these together.").or(r#"["roles"]"#),
            field("scopes", "The caller's scopes: those of all of these together.").or(r#"["scope", "scp"]"#),
            field("tier", "The tier of `limits.tiers` that gives each subject a limit of its own: the first of these that isn't empty."),
        ],
    },
];
