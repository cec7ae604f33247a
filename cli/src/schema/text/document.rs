//! The document itself and its small sections.

use super::{ObjectText, field};

pub(super) const OBJECTS: &[ObjectText] = &[
    ObjectText {
        name: "document",
        about: "The document that tenant-guard is configured with. Unknown fields and contradictions are refused.",
        fields: &[
            field("version", "The version of this format: 1."),
            field("revision", "A name of your own for this state of the document. It is in audit lines."),
            field("environment", "`development` allows what is never safe in production: `dev_headers`, `issuer: none`, `http:` addresses and short secrets.").or(r#""production""#),
            field("mode", "Which credentials callers may send: a JWT or an API key, one kind only, or the key where the JWT is absent or fails to verify.").or(r#""either""#),
            field("both", "What mode `either` does with a JWT and an API key together: `refuse`, or `agree`: they must not name two tenants, and roles and scopes of both count.").or(r#""refuse""#),
            field("jwt", "JSON Web Tokens: where callers send them, and whose are accepted."),
            field("api_keys", "API keys: where callers send them, and how they are kept."),
            field("super_admin", "A key that passes every policy and may act for every tenant."),
            field("dev_headers", "Headers by which callers say who they are, without a credential. With `environment: development` only, and no JWT issuer beside it."),
            field("tenancy", "How the one tenant of a request is found."),
            field("tenant_defaults", "Policies of every tenant that doesn't say, listed or not."),
            field("tenants", "The tenants that are known. Where this is present, even empty, others are refused unless `tenancy.unknown` is `allow`."),
            field("directory", "Where more tenants are fetched from while the proxy runs."),
            field("roles", "Roles by name: which others each includes, and the scopes that it grants. With this section every role in the document must be in it."),
            field("role_case", "How role names are compared: `exact`, or `ignore` for the case of ASCII letters.").or(r#""exact""#),
            field("wildcard_scopes", "Scopes that mean every scope where they are in a token, such as `all`. In this document `*` means that.").or("[]"),
            field("routes", "What requests need, by path, method and host. The first that matches decides.").or("[]"),
            field("routes_unmatched", "What happens to requests that no route matches: `deny` refuses them, `auth` asks for a credential. The default is `deny` where any route asks for scopes, roles, an address or an action, else `auth`."),
            field("limits", "Tiers of rates, and how callers are told of limits."),
            field("failures", "Blocks addresses that fail to authenticate too often."),
            field("upstream", "What the application is told, and what no client may tell it."),
            field("replies", "How refusals are worded."),
            field("paths", "What happens to paths that can be read in two ways."),
            field("cors_preflight", "`allow` lets CORS preflights go to the application, without identity: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.").or(r#""deny""#),
            field("shadow", "`true` carries no refusal out, to see what would happen; such requests go on without identity. `untouched` also leaves them as they came, forged identity headers included.").or("false"),
            field("audit", "The audit lines in the proxy's log."),
        ],
    },
    ObjectText {
        name: "directory_document",
        about: "Tenants that tenant-guard fetches while the proxy runs. A mistake in an entry affects its tenant alone.",
        fields: &[
            field("version", "The version of this format: 1."),
            field("tenants", "The tenants. What isn't listed any more is gone."),
            field("revoked", "Tokens that are accepted no more."),
        ],
    },
    ObjectText {
        name: "limits_section",
        about: "Tiers of rates, and how callers are told of limits.",
        fields: &[
            field("store", "Where requests are counted: `local` is in the proxy, for all its workers together.").or(r#""local""#),
            field("tiers", "Rates by name, to be used wherever a rate is asked for. A name has no `/`.").or("{}"),
            field("headers", "Which headers tell callers of the tightest limit; `[]` for none.").or(r#"["x-rate-limit"]"#),
        ],
    },
    ObjectText {
        name: "failures",
        about: "Blocks addresses that fail to authenticate too often. IPv6 addresses count by their first 64 bits.",
        fields: &[
            field("limit", "How many malformed tokens, bad signatures and unknown API keys an address may send: a rate such as `20/min`, at least 1."),
            field("block", "How long the address is blocked then: a duration from 1s to 7d."),
        ],
    },
    ObjectText {
        name: "replies",
        about: "How refusals are worded.",
        fields: &[
            field("realm", "The `realm` of `WWW-Authenticate`.").or(r#""api""#),
            field("status", "Another HTTP status for a code, from 400 to 499. Codes with 503 keep theirs.").or("{}"),
            field("details", "Texts of your own for `detail`, by code.").or("{}"),
            field("type_base", "What stands before the code in `type`. Where it is empty, `type` is `about:blank`.").or(r#""""#),
            field("resource_metadata", "The address of your OAuth protected resource metadata (RFC 9728), for `WWW-Authenticate`."),
        ],
    },
    ObjectText {
        name: "audit",
        about: "The audit lines in the proxy's log.",
        fields: &[
            field("log", "Which verdicts have a line. `denied` tells also of the super admin's requests, and of those by an issuer with `acts_for`.").or(r#""denied""#),
            field("level", "The log level of the lines.").or(r#""warn""#),
            field("max_per_second", "The most lines in a second, for each worker.").or("100"),
        ],
    },
    ObjectText {
        name: "secret",
        about: "A secret from the environment of the proxy's VM.",
        fields: &[field("env", "The name of the environment variable that holds it. The VM gets it by `vm_config.environment_variables`.")],
    },
    ObjectText {
        name: "key_set",
        about: "A set of JSON Web Keys (RFC 7517). Only public keys belong here.",
        fields: &[field("keys", "The keys. RSA keys have 2048 to 8192 bits. A key without `alg` is for RS256 (RSA), by its curve (EC), or EdDSA (OKP).")],
    },
];
