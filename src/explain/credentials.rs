//! Credentials that were sent, known so that nothing shows them.

use core::fmt;

use crate::Guard;
use crate::credential::Location;
use crate::request::escape::decode_form;
use crate::request::{Headers, split_query};

/// What is shorter stands in many texts by chance, and is nobody's secret.
const SHORTEST: usize = 8;

/// The credentials of a request, and the parts of its tokens.
pub struct Credentials(Vec<String>);

/// How many there are, and nothing more.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.0.len())
    }
}

impl Credentials {
    /// All that stands in any place where credentials are read.
    pub(super) fn of(guard: &Guard, headers: &Headers<'_>) -> Self {
        let mut found = Self(Vec::new());
        let admin = guard.super_admin.iter().flat_map(|admin| admin.sources().locations());
        for location in guard.sources.locations().chain(admin) {
            match location {
                Location::Header(name) => {
                    headers.values(name.as_bytes()).for_each(|value| found.add(value));
                }
                Location::Cookie(name) => {
                    let cookies = headers.values(b"cookie");
                    for cookie in cookies.flat_map(|value| value.split(|&byte| byte == b';')) {
                        let mut halves = cookie.splitn(2, |&byte| byte == b'=');
                        let is_it =
                            halves.next().unwrap_or_default().trim_ascii() == name.as_bytes();
                        halves.next().filter(|_| is_it).into_iter().for_each(|v| found.add(v));
                    }
                }
                Location::Query(name) => {
                    for path in headers.values(b":path") {
                        let query = split_query(path).1.unwrap_or_default();
                        for pair in query.split(|&byte| byte == b'&' || byte == b';') {
                            let mut halves = pair.splitn(2, |&byte| byte == b'=');
                            let is_it = decode_form(halves.next().unwrap_or_default())
                                .starts_with(name.as_bytes());
                            halves.next().filter(|_| is_it).into_iter().for_each(|v| {
                                found.add(v);
                                found.add(&decode_form(v));
                            });
                        }
                    }
                }
            }
        }
        // The longest first: a part never hides the whole in half.
        found.0.sort_by_key(|text| core::cmp::Reverse(text.len()));
        found.0.dedup();
        found
    }

    /// A value with what may be in it: a credential after a scheme, several of
    /// them, a token's three parts.
    fn add(&mut self, value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        let words = text.split([' ', ',', '"']);
        let parts = text.split([' ', ',', '"', '.']);
        let all = words.chain(parts).chain([text.trim(), &*text]);
        for part in all.filter(|part| part.len() >= SHORTEST) {
            self.0.push(part.to_owned());
            // As it is where a text is quoted.
            let quoted = part.escape_debug().to_string();
            if quoted != part {
                self.0.push(quoted);
            }
        }
    }

    /// A text without them.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, credential| {
            if text.contains(credential.as_str()) {
                text.replace(credential.as_str(), "[credential]")
            } else {
                text
            }
        })
    }
}
