//! Forged identity in every spelling that an application could take for it.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_API_KEY, ACME_JWT, ACME_KEY, GUARDED, House, PUNCTUATION, Site, good_token};
use tenant_guard_tests::{Protocol, Request};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);
/// The same before an application that speaks HTTP/1.1.
static BEFORE_HTTP1: LazyLock<House> =
    LazyLock::new(|| House::of(bad::document(), |builder| builder.application(Protocol::H1)));

/// Requests of every kind that goes on, with the identity they go on with.
fn doors() -> Vec<(Request, Vec<(&'static str, &'static str)>)> {
    vec![
        (Request::post("/a", "x").bearer(good_token()), ACME_JWT.to_vec()),
        (Request::post("/a", "x").api_key(ACME_KEY), ACME_API_KEY.to_vec()),
        (Request::post("/public/a", "x"), Vec::new()),
        (
            Request::post("/optional/a", "x"),
            vec![("x-tenant-id", "default"), ("x-auth-method", "anonymous")],
        ),
    ]
}

/// The first of them, where Envoy refuses so many that it would take long.
fn front_door() -> (Request, Vec<(&'static str, &'static str)>) {
    doors().swap_remove(0)
}

/// Every guarded name with each hyphen replaced, but for the tenant's own
/// spelling, which a caller may use to say which tenant it means.
fn aliases(mark: char) -> impl Iterator<Item = String> {
    let spelt = move |name: &str| name.replace('-', &mark.to_string());
    GUARDED.into_iter().map(spelt).filter(|name| name != "x-tenant-id")
}

/// Whether Envoy is told to refuse such names itself.
fn envoy_refuses(site: &Site<'_>, name: &str) -> bool {
    site.hardened && name.contains('_')
}

#[test]
fn no_alias_of_an_identity_header_reaches_the_application() {
    HOUSE.each(|site| {
        let before = stripped(site);
        for mark in PUNCTUATION.chars() {
            for (request, identity) in doors() {
                let forged =
                    aliases(mark).fold(request, |request, name| request.header(name, "globex"));
                let seen = site.harmless(&format!("with {mark}"), forged, &identity);
                assert!(seen.is_some() || envoy_refuses(site, &mark.to_string()), "{mark}");
            }
        }
        assert!(stripped(site) >= before + 14 * 14 * 4, "{before} and {}", stripped(site));
    });
}

fn stripped(site: &Site<'_>) -> u64 {
    let found = site.envoy.stats("tenant_guard.stripped");
    found.iter().map(|(_, count)| count).sum()
}

#[test]
fn mixed_marks_and_repetitions_are_no_way_in_either() {
    HOUSE.each(|site| {
        for name in ["x-tenant.id", "x.tenant-id", "x!user~id", "x|jwt-payload", "x-auth`method"] {
            for (request, identity) in doors() {
                let forged = request.header(name, "a").header(name, "b").header(name, "");
                let seen = site.harmless(name, forged, &identity);
                assert!(seen.is_some(), "{name}");
            }
        }
        for name in ["x_tenant-id", "x-user_id", "x_roles"] {
            for (request, identity) in doors() {
                let seen = site.harmless(name, request.header(name, "globex"), &identity);
                assert_eq!(seen.is_some(), !site.hardened, "{name}");
            }
        }
    });
}

#[test]
fn letter_case_is_no_disguise() {
    HOUSE.each(|site| {
        let some = if site.over == Protocol::H1 { GUARDED.len() } else { 4 };
        for name in GUARDED.into_iter().take(some).skip(1) {
            let title: String = name
                .split('-')
                .map(|part| part[..1].to_uppercase() + &part[1..])
                .collect::<Vec<_>>()
                .join("-");
            for spelling in [name.to_uppercase(), title] {
                for (request, identity) in doors() {
                    let request = request.header(&spelling, "globex").exact_names();
                    let seen = site.harmless(&spelling, request, &identity);
                    // HTTP/2 has no upper case (RFC 9113 section 8.2.1).
                    assert_eq!(seen.is_some(), site.over == Protocol::H1, "{spelling}");
                }
            }
        }
        let twice = Request::get("/a").bearer(good_token()).header("X-TENANT-ID", "acme");
        site.allowed("the tenant in capitals", twice.clone(), &ACME_JWT);
        site.refuses("and again", twice.tenant("acme"), "tenant_malformed");
        let keys = Request::get("/a").api_key(ACME_KEY).header("X-API-KEY", ACME_KEY);
        site.refuses("a key in capitals", keys, "credentials_ambiguous");
    });
}

#[test]
fn an_asserted_tenant_is_checked_or_gone() {
    HOUSE.each(|site| {
        let good = || Request::get("/a").bearer(good_token());
        site.allowed("the same tenant", good().tenant("acme"), &ACME_JWT);
        site.allowed("its alias", good().tenant("org_1"), &ACME_JWT);
        site.refuses("another", good().tenant("globex"), "tenant_mismatch");
        site.refuses("the reserved one", good().tenant("Default"), "tenant_reserved");
        site.allowed("on a public route", Request::get("/public/a").tenant("globex"), &[]);
        let anonymous = Request::get("/optional/a").tenant("globex");
        site.refuses("from nobody", anonymous, "tenant_header_untrusted");
    });
}

#[test]
fn no_alias_comes_in_by_a_trailer() {
    HOUSE.each(|site| {
        for mark in PUNCTUATION.chars() {
            for (request, identity) in doors() {
                let forged = aliases(mark)
                    .chain(["x-tenant-id".to_owned()])
                    .fold(request, |request, name| request.trailer(name, "globex"));
                let forged = forged.trailer("x-harmless", "1");
                let seen = site.harmless(&format!("with {mark}"), forged, &identity);
                let refused = envoy_refuses(site, &mark.to_string());
                assert!(seen.is_some() || refused, "{mark}");
                let Some(seen) = seen else { continue };
                let kept = seen.echoed_trailers();
                assert_eq!(kept, [("x-harmless".to_owned(), b"1".to_vec())], "with {mark}");
            }
        }
    });
}

#[test]
fn trailers_carry_no_credentials() {
    HOUSE.each(|site| {
        for (request, identity) in doors() {
            let public = identity.is_empty();
            let secret = format!("Bearer {}", good_token());
            let request = request
                .trailer("authorization", &secret)
                .trailer("x-api-key", ACME_KEY)
                .trailer("x-raw", b"\xff");
            let Some(seen) = site.harmless("credentials", request, &identity) else { continue };
            let kept = seen.echoed_trailers();
            let credentials = kept.iter().filter(|(name, _)| name != "x-raw").count();
            assert!(public || credentials == 0, "{kept:?}");
        }
        // A credential that comes in a trailer only is none.
        let late =
            Request::post("/a", "x").trailer("authorization", format!("Bearer {}", good_token()));
        site.refuses("a late token", late, "credentials_missing");
        let late =
            Request::post("/a", "x").trailer("x-api-key", ACME_KEY).trailer("x-tenant-id", "acme");
        site.refuses("a late key", late, "credentials_missing");
    });
}

#[test]
fn trailers_change_neither_path_nor_framing() {
    for house in [&*HOUSE, &*BEFORE_HTTP1] {
        house.each(|site| {
            for name in [":path", ":authority", "host", "content-length", "transfer-encoding"] {
                let (request, identity) = front_door();
                let request = request.trailer(name, "/admin");
                let Some(seen) = site.harmless(name, request, &identity) else { continue };
                assert_eq!(seen.echoed_value(":path").as_deref(), Some("/a"), "{name}");
                assert_eq!(seen.echoed_trailers(), [], "{name}");
            }
        });
    }
}

#[test]
fn no_trailer_ends_a_connection_that_others_share() {
    // An application that speaks HTTP/2 takes these for an error of the whole
    // connection (RFC 9113 section 8.2.2), which holds everybody's requests.
    HOUSE.each(|site| {
        for name in ["host", "connection", "transfer-encoding", "keep-alive", "upgrade"] {
            let (request, identity) = front_door();
            let seen = site.harmless(name, request.trailer(name, "x"), &identity);
            // HTTP/1 brings them to Envoy, which leaves them to the guard.
            assert!(seen.is_some() || site.over == Protocol::H2, "{name}");
        }
    });
}

#[test]
fn connection_nominates_no_identity_header_away() {
    for house in [&*HOUSE, &*BEFORE_HTTP1] {
        house.each(|site| {
            for value in [
                "x-tenant-id",
                "X-Tenant-Id, x-user-id, x-auth-method",
                "close, x-tenant-id",
                "keep-alive, x-user-id",
                "x_tenant_id",
                "te, x-tenant-id, trailers",
            ] {
                // HTTP/2 has no such header (RFC 9113 section 8.2.2).
                let some = if site.over == Protocol::H1 { 4 } else { 1 };
                for (request, identity) in doors().into_iter().take(some) {
                    let request = request.header("connection", value);
                    let Some(seen) = site.harmless(value, request, &identity) else { continue };
                    for name in ["connection", "keep-alive", "proxy-connection"] {
                        let told = seen.echoed_all(name).join(",").to_ascii_lowercase();
                        assert!(!told.contains("x-") && !told.contains("x_"), "{value}: {told}");
                    }
                }
            }
            let request =
                Request::get("/a").bearer(good_token()).header("te", "trailers, x-user-id");
            site.harmless("te", request, &ACME_JWT);
            let request =
                Request::get("/a").bearer(good_token()).header("proxy-connection", "x-tenant-id");
            site.harmless("proxy-connection", request, &ACME_JWT);
        });
    }
}
