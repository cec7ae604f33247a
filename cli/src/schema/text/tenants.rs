//! Tenants, their clients, and what they may do.

use super::{ObjectText, field};

pub(super) const OBJECTS: &[ObjectText] = &[
    ObjectText {
        name: "tenancy",
        about: "How the one tenant of a request is found.",
        fields: &[
            field("strict", "`true` refuses callers that are bound to no tenant. Where tenants are listed or an issuer binds, `false` is for single routes only.").or("true"),
            field("header", "The header in which a caller may name its tenant. It must agree with the credential.").or(r#""x-tenant-id""#),
            field("reserved", "The name of the tenant of callers that have none, where not strict. Nobody may claim it.").or(r#""default""#),
            field("trust_header", "Whether a tenant in the header counts for callers that are bound to none, on routes that aren't strict: `never`, from `any_peer`, or from these addresses of your own proxies. `ignore`: the header isn't looked at.").or(r#""never""#),
            field("assertions", "More places in which a caller names its tenant. All that are there must agree.").or("[]"),
            field("id_format", "What tenants' ids look like: `any` is letters, digits and `. _ : -`, up to 128; `slug` is lower-case letters and digits joined by single hyphens; `uuid` is in lower case.").or(r#""any""#),
            field("unknown", "What happens to tenants that aren't listed. The default is `deny` where there is `tenants` or `directory`, else `allow`."),
            field("unknown_clients", "What happens to tokens whose client isn't listed in its tenant.").or(r#""allow""#),
            field("start", "Whether tenants are `active` or `inactive` that don't say.").or(r#""active""#),
            field("default", "Policies of the reserved tenant, which is always known and active."),
        ],
    },
    ObjectText {
        name: "assertion",
        about: "A place in which a caller names its tenant: exactly one of `path`, `host` and `query`.",
        fields: &[
            field("path", "A path with `{tenant}` as one segment, such as `/v1/orgs/{tenant}/**`. `*` is one segment; `**` is any number, at the end only."),
            field("host", "A host with `{tenant}` as one label, such as `{tenant}.api.example.com`."),
            field("query", "The name of a query parameter."),
        ],
    },
    ObjectText {
        name: "tenant",
        about: "A tenant.",
        fields: &[
            field("id", "Its id, by which it is compared and told to the application."),
            field("aliases", "Other names for it, such as the identity provider's id. Any place may name it so.").or("[]"),
            field("active", "`false` switches it off. The default is as `tenancy.start` says."),
            field("tokens_not_before", "Revokes every JWT of it that was issued before this time (RFC 3339)."),
            field("ip", "The addresses that its callers may have; `null` turns `tenant_defaults` off. An empty list allows none."),
            field("scopes", "The most scopes that anybody in it has; `*` is every scope, `[]` none. `null` turns `tenant_defaults` off."),
            field("roles", "The most roles that anybody in it has, with those that they include; `[]` is none. `null` turns `tenant_defaults` off."),
            field("limits", "How many requests it may make. What it doesn't say is as in `tenant_defaults`; `null` turns those off."),
            field("issuers", "Identity providers of its own. Their tokens are bound to it, and their roles count only as far as a `roles` ceiling names them.").or("[]"),
            field("clients", "Its clients: who has API keys, or policies of their own.").or("[]"),
        ],
    },
    ObjectText {
        name: "client",
        about: "A client of a tenant. Its policies hold for its keys, and for tokens that name it.",
        fields: &[
            field("id", "Its id. Each in a tenant has its own."),
            field("active", "`false` switches it off.").or("true"),
            field("ip", "The addresses that it may have. An empty list allows none."),
            field("scopes", "The most scopes that it has; `*` is every scope, `[]` none."),
            field("roles", "The most roles that it has, with those that they include; `[]` is none."),
            field("limits", "How many requests it may make."),
            field("keys", "Its API keys.").or("[]"),
        ],
    },
    ObjectText {
        name: "policy",
        about: "Policies of tenants that don't say.",
        fields: &[
            field("ip", "The addresses that callers may have. An empty list allows none."),
            field("scopes", "The most scopes that anybody has; `*` is every scope, `[]` none."),
            field("roles", "The most roles that anybody has, with those that they include; `[]` is none."),
            field("limits", "How many requests each tenant may make."),
        ],
    },
    ObjectText {
        name: "policy_over",
        about: "Policies of a tenant, over `tenant_defaults`; `null` turns one of those off.",
        fields: &[
            field("ip", "The addresses that callers may have; `null` turns the default off. An empty list allows none."),
            field("scopes", "The most scopes that anybody has; `*` is every scope, `[]` none. `null` turns the default off."),
            field("roles", "The most roles that anybody has, with those that they include; `[]` is none. `null` turns the default off."),
            field("limits", "How many requests it may make; `null` turns the default off."),
        ],
    },
    ObjectText {
        name: "limits",
        about: "How many requests there may be, in windows of the clock.",
        fields: &[
            field("requests", "Of all requests: a rate such as `100/min`, or the name of a tier. The units are `sec`, `min`, `hour` and `day`."),
            field("actions", "Of requests on routes with an `action`, by its name: a rate or a tier. `*` is a limit for each action that isn't named; `null` is none.").or("{}"),
        ],
    },
    ObjectText {
        name: "limits_over",
        about: "How many requests there may be, in windows of the clock, over `tenant_defaults`.",
        fields: &[
            field("requests", "Of all requests: a rate such as `100/min`, or the name of a tier; `null` turns the default off. The units are `sec`, `min`, `hour` and `day`."),
            field("actions", "Of requests on routes with an `action`, by its name: a rate or a tier. `*` is a limit for each action that isn't named; `null` is none.").or("{}"),
        ],
    },
    ObjectText {
        name: "directory",
        about: "Where tenants are fetched from while the proxy runs: `{\"version\": 1, \"tenants\": [...], \"revoked\": [...]}`.",
        fields: &[
            field("cluster", "The proxy's cluster that the request is sent to."),
            field("uri", "The address of the directory. It must be `https:`, but in development."),
            field("headers", "Headers of the request, such as `authorization`. Each value is a text, or `{\"env\": NAME}`.").or("{}"),
            field("refresh", "How old tenants get before they are fetched again: a duration from 100ms to 365d.").or(r#""10s""#),
            field("timeout", "How long an answer may take, and how long a request waits for it: a duration from 10ms to 60s.").or(r#""2s""#),
            field("max_stale", "How old tenants may get when fetches fail, before they are refused: a duration, at least `refresh`.").or(r#""24h""#),
            field("cooldown", "The least time between two fetches that requests ask for: a duration.").or(r#""30s""#),
            field("max_bytes", "The longest answer that is read, in bytes; also `64MiB`.").or(r#""64MiB""#),
            field("key_clusters", "The clusters that issuers of fetched tenants may fetch their keys from.").or("[]"),
        ],
    },
    ObjectText {
        name: "role",
        about: "A role.",
        fields: &[
            field("includes", "The roles that it includes, and all that these include.").or("[]"),
            field("scopes", "The scopes that it grants; `*` is every scope.").or("[]"),
        ],
    },
];
