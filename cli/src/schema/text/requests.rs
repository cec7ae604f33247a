//! Routes, and what goes to the application.

use super::{ObjectText, field};

pub(super) const OBJECTS: &[ObjectText] = &[
    ObjectText {
        name: "route",
        about: "What some requests need. The first route that matches decides.",
        fields: &[
            field("match", "Which requests it is about."),
            field("auth", "Whether a credential is `required`, `optional` (but good where there is one), or `none`; `super_admin` admits the super admin only.").or(r#""required""#),
            field("mode", "Which credentials callers may send. The default is the document's `mode`."),
            field("issuers", "The issuers whose tokens it takes, by name. API keys are no matter of it: `mode: jwt` keeps them out."),
            field("tenancy", "`none`: a verified caller needs no tenant here. Or what differs from the document's `tenancy`."),
            field("shadow", "Whether refusals aren't carried out, to see what would happen. The default is the document's `shadow`."),
            field("ip", "The addresses that callers may have, on public routes too. An empty list allows none."),
            field("scopes", "The scopes that callers need: all of these."),
            field("roles", "The roles that callers need: any of these, or one that includes it."),
            field("action", "What such requests count as in `limits.actions`: up to 64 letters, digits and `. _ : -`."),
        ],
    },
    ObjectText {
        name: "match",
        about: "Which requests a route is about: those that all of these hold for. Empty, every request.",
        fields: &[
            field("path", "A path, or a list of them. `*` is one segment and `**` any number, so `/x/**` matches `/x` too."),
            field("methods", "A method in upper case, or a list of them. GET holds for HEAD, too."),
            field("host", "A host, or a list of them. `*` is one label, as in `*.example.com`."),
        ],
    },
    ObjectText {
        name: "route_tenancy",
        about: "What differs from the document's `tenancy` on a route.",
        fields: &[
            field("strict", "Whether callers that are bound to no tenant are refused. The default is `tenancy.strict`."),
            field("trust_header", "Whether a tenant in the header counts for callers that are bound to none. The default is `tenancy.trust_header`."),
        ],
    },
    ObjectText {
        name: "upstream",
        about: "What the application is told. All of these headers are removed where a client sends them.",
        fields: &[
            field("headers", "The headers that tell the application who calls. What isn't said is as by default; `null` turns one off."),
            field("claims", "More headers, by the claim that each tells: `{\"email\": \"x-user-email\"}`.").or("{}"),
            field("payload", "A header for all verified claims of the token, as JSON in base64url."),
            field("strip", "More request headers that are always removed.").or("[]"),
            field("forward_credentials", "`true` leaves credentials in the request, but for the super admin's key.").or("false"),
        ],
    },
    ObjectText {
        name: "identity_headers",
        about: "The names of the headers that tell the application who calls. `null` turns one off; it is removed all the same where a client sends it.",
        fields: &[
            field("tenant", "The tenant's id.").or(r#""x-tenant-id""#),
            field("subject", "The subject of the token.").or(r#""x-user-id""#),
            field("client", "The client that the token was issued to, or that the key is of.").or(r#""x-client-id""#),
            field("key", "The id of the API key.").or(r#""x-key-id""#),
            field("roles", "The caller's roles after all ceilings, joined by commas.").or(r#""x-roles""#),
            field("scopes", "The caller's scopes after all ceilings, joined by spaces.").or(r#""x-scopes""#),
            field("method", "How the caller was verified: `jwt`, `api_key`, `super_admin`, `dev` or `anonymous`.").or(r#""x-auth-method""#),
        ],
    },
    ObjectText {
        name: "paths",
        about: "What happens to paths that can be read in two ways: `refuse` them, or `keep` these characters as ordinary ones.",
        fields: &[
            field("encoded_slashes", "Paths with `%2F`.").or(r#""refuse""#),
            field("empty_segments", "Paths with `//`.").or(r#""refuse""#),
            field("parameters", "Paths with `;` or `%3B`.").or(r#""refuse""#),
        ],
    },
];
