//! Paths that a proxy and an application could read differently.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, House, Outcome, Site, document, good_token};
use serde_json::{Value, json};
use tenant_guard_tests::{Protocol, Request};

/// Everything is public but what admin rules take.
static DENYING: LazyLock<House> = LazyLock::new(|| {
    routed(json!([
        {"match": {"path": "/good"}},
        {"match": {"path": "/admin/**"}, "mode": "jwt"},
        {"match": {"path": "/**/secret/**"}, "mode": "jwt"},
        {"match": {"path": "/**"}, "auth": "none"},
    ]))
});

/// Nothing is public but `/public`.
static ALLOWING: LazyLock<House> = LazyLock::new(|| {
    routed(json!([
        {"match": {"path": "/good"}},
        {"match": {"path": "/public/**"}, "auth": "none"},
        {"match": {"path": "/admin/**"}, "mode": "jwt"},
    ]))
});

fn routed(routes: Value) -> House {
    let mut document = document();
    document["routes"] = routes;
    document["tenancy"] = json!({});
    // Over HTTP/2 an application ends the connection, and with it all requests
    // on it, where one of them has a path of 64 KiB.
    House::of(document, |builder| builder.application(Protocol::H1))
}

/// What a framework makes of a path: decoded once, parameters cut, slashes
/// merged, dot segments resolved. Frameworks differ in the order of the first
/// two, and in whether a backslash is a slash.
fn naive(raw: &[u8], decode_first: bool, backslash: bool) -> String {
    let path = raw.split(|byte| *byte == b'?').next().unwrap();
    let cut = |path: Vec<u8>| -> Vec<u8> {
        let segments = path.split(|byte| *byte == b'/');
        let cut = segments.map(|segment| segment.split(|byte| *byte == b';').next().unwrap());
        cut.collect::<Vec<_>>().join(&b'/')
    };
    let path = if decode_first { cut(decode(path)) } else { decode(&cut(path.to_vec())) };
    let mut text = String::from_utf8_lossy(&path).into_owned();
    if backslash {
        text = text.replace('\\', "/");
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in text.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}

fn decode(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = raw;
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &after[2..];
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// Requests without a credential that reach the application are for nothing
/// that is guarded, however the application reads their paths.
fn stay_out(site: &Site<'_>, paths: impl IntoIterator<Item = Vec<u8>>) {
    for (number, path) in paths.into_iter().enumerate() {
        let what = String::from_utf8_lossy(&path[..path.len().min(200)]).into_owned();
        let outcome = site.send_one_of_many(&what, Request::get(&path));
        if number % 20 == 0 {
            site.serves();
        }
        let Outcome::Application(seen) = outcome else { continue };
        bad::assert_identity(&what, &seen, &[]);
        let headers = seen.echoed();
        let (_, raw) = headers.iter().find(|(name, _)| name == ":path").unwrap();
        for (decode_first, backslash) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            let path = naive(raw, decode_first, backslash);
            assert!(path != "/admin" && !path.starts_with("/admin/"), "{what} reached {path}");
            // Guarded wherever it stands, unless what it stands in is public.
            let secret = path.split('/').any(|segment| segment == "secret");
            assert!(!secret || !std::ptr::eq(site.house, &*DENYING), "{what} reached {path}");
        }
    }
}

/// Spellings of a step up.
const UP: &str = r".. %2e%2e %2E%2E %2e. .%2E ..; ..;x ..;x=1 ..%3b ..%3Bx %2e%2e; %2e%2e%3bx
    ;/.. ;x/.. ..%00 ..%0d ..%20 %c0%ae%c0%ae %252e%252e ..%252f ... .%00. ..# ..?";

/// Spellings of a slash.
const SLASH: &str = r"/ // /// %2f %2F /%2f %2f/ \ %5c %5C /\ ;/ %252f %c0%af";

/// What may stand behind a guarded path.
const TAILS: &str = r"/ ; ;/ ;x ;x/y ;x=1/y ;/y %3b %3bx %3B/y %3bx=1/y ? ?x ?/../public # #/public
    %23 %3f %00 %0a %20 %09 /. /.. /./ /%2e /..;/admin /x;/../y /;/x /;x=1/x . .. %2e /x/%2e%2e
    % %z %zz %1 /% /%%30 %%3131 %2 %u002fx /%C0%80 * %2a ! %21 : %3a , %2c @ %40 = %3d + %2b";

/// What may lead to one.
const HEADS: &str =
    r"/admin /public/../admin /public;/../admin /a/secret /./admin /x/../admin /%2e/admin";

/// The vectors that others have met.
const KNOWN: &str = r"/a/b/../c /a/./c a/b/../c /a/../../../admin /a/..\admin /a/%2E%2E/admin /%5c%25
    /a/%2F%2f/c /%00 /%%0000 //a//b /a//b?x=//y /a#frag /a?x#y /a#?x /..;/admin /a;v=1/../admin
    /a/..;x/admin /%252e%252e/admin /. /.. * /public?/admin /public?/../admin /?/admin
    /public/#/../../admin /ADMIN/x /Admin /public/..%ef%bc%8fadmin /public%3f/../admin
    /public%23/../admin /.../admin /....//admin /~/admin /~admin /public/.;/../admin
    /public/%2e;/../admin /;/admin /;x/admin /%3b/admin /%3bx/admin /.;/admin /%2e%3b/admin";

fn words(list: &'static str) -> impl Iterator<Item = &'static str> + Clone {
    list.split_whitespace()
}

#[test]
fn no_step_up_leads_from_a_public_path_to_a_guarded_one() {
    for house in [&*DENYING, &*ALLOWING] {
        house.each(|site| {
            let pairs = words(UP).flat_map(|up| words(SLASH).map(move |slash| (up, slash)));
            let paths = pairs.flat_map(|(up, slash)| {
                [
                    format!("/public{slash}{up}{slash}admin/x"),
                    format!("/public/a/{up}/{up}{slash}admin"),
                    format!("/{up}{slash}secret/x"),
                ]
            });
            stay_out(site, paths.map(String::into_bytes));
        });
    }
}

/// Spellings of guarded paths and what is near them.
fn spellings() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut add = |path: String| all.push(path.into_bytes());
    for slash in words(SLASH) {
        for name in ["admin", "%61dmin", "adm%69n", "%61%64%6d%69%6e"] {
            add(format!("{slash}{name}"));
            add(format!("/{slash}{name}/x"));
            add(format!("/{name}{slash}x"));
            add(format!("/{name}{slash}"));
            add(format!("/{name}{slash}..{slash}{name}"));
        }
    }
    for (head, tail) in words(HEADS).flat_map(|head| words(TAILS).map(move |tail| (head, tail))) {
        add(format!("{head}{tail}"));
        add(format!("{head}{tail}?x=//y"));
    }
    words(KNOWN).chain([""]).for_each(|path| add(path.to_owned()));
    for bytes in [
        &b"/admin/\xff"[..],
        b"/\xffadmin",
        b"/public/\xc0\xae\xc0\xae/admin",
        b"/admin\x80",
        b"/admin\x7f",
        b"/\x01/admin",
        b"/admin\t",
        b"/public/\xe2\x80\xa5/admin",
        b"/\xef\xbc\x8fadmin",
    ] {
        all.push(bytes.to_vec());
    }
    all.sort();
    all.dedup();
    all
}

#[test]
fn no_spelling_of_a_guarded_path_is_public() {
    for house in [&*DENYING, &*ALLOWING] {
        house.each(|site| {
            stay_out(site, spellings());
        });
    }
}

#[test]
fn with_a_credential_every_spelling_is_refused_or_has_the_same_identity() {
    DENYING.each(|site| {
        for path in spellings() {
            let what = String::from_utf8_lossy(&path).into_owned();
            let request = Request::get(&path).bearer(good_token());
            if let Outcome::Application(seen) = site.send_one_of_many(&what, request) {
                let public = seen.echoed_value("x-auth-method").is_none();
                bad::assert_identity(&what, &seen, if public { &[] } else { &ACME_JWT });
            }
        }
    });
}

/// Every rule of canonical paths.
const AMBIGUOUS: &str = r"/% /%zz /%4 /a;b /a; /;/a /..;/admin /%2e%2e;/a /a\b /a%5cb /a%2fb /a//b //a
    /a/../b /a/./b /%2e%2e/a /a/%2e /.. /a%0ab /a%7fb /a%00b /a%3bb /..%3b/a";
const ORDINARY: &str =
    r"/%2541dmin /%252e%252e/a /a%20b /a/... /.well-known/x /a/ /a?b//c;d=%zz/../e\f";

#[test]
fn ambiguous_paths_have_their_code_where_envoy_lets_them_through() {
    DENYING.each(|site| {
        for path in words(AMBIGUOUS) {
            let request = Request::get(path).bearer(good_token());
            if site.hardened {
                let answer = site.send(path, request);
                let fine = matches!(&answer, Outcome::Guard(400, code) if code == "path_ambiguous");
                assert!(
                    fine || matches!(answer, Outcome::Envoy(400) | Outcome::Application(_)),
                    "{path}: {answer:?}"
                );
            } else {
                site.refuses(path, request, "path_ambiguous");
            }
        }
        for path in words(ORDINARY) {
            site.allowed(path, Request::get(path), &[]);
        }
    });
}

#[test]
fn very_long_paths_are_decided_on_too() {
    for house in [&*DENYING, &*ALLOWING] {
        house.each(|site| {
            for length in [50 * 1024, 60 * 1024] {
                let pieces =
                    [".", "/", "/.", "../", "%2e%2e/", ";", "%", "%25", "/a", "\\", "?", "&", "a"];
                let paths = pieces.into_iter().flat_map(|piece| {
                    let many = piece.repeat(length / piece.len());
                    [
                        format!("/public/{many}/admin"),
                        format!("/admin?{many}"),
                        format!("/public?{many}"),
                    ]
                });
                stay_out(site, paths.map(String::into_bytes));
                stay_out(site, [format!("/admin{}", ".".repeat(64 * 1024)).into_bytes()]);
                let dots = Request::get("/admin").bearer(".".repeat(length));
                site.refused_with("dots", dots, "token_too_large");
            }
        });
    }
}
