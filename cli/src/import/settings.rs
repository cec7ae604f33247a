//! What a system reads from its environment, and what is wrong with it.

use core::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::env::{Text, Variable};
use crate::mistake::Mistake;
use crate::source::Position;

/// The variables of a file as a system reads them. Every mistake is kept, so
/// that all are told at once.
pub(crate) struct Settings<'f> {
    file: PathBuf,
    variables: &'f [Variable],
    /// The names that were asked for.
    read: RefCell<BTreeSet<String>>,
    mistakes: RefCell<Vec<Mistake>>,
    secrets: Cell<usize>,
}

impl<'f> Settings<'f> {
    /// Those of a file.
    pub(crate) fn new(file: &Path, variables: &'f [Variable]) -> Self {
        Self {
            file: file.to_owned(),
            variables,
            read: RefCell::default(),
            mistakes: RefCell::default(),
            secrets: Cell::new(0),
        }
    }

    /// Tells of a mistake. The words must hold nothing of a value: it may be a
    /// secret.
    pub(crate) fn tell(&self, at: Position, problem: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake {
            file: self.file.clone(),
            at,
            path: String::new(),
            problem: problem.into(),
        });
    }

    /// All mistakes, in the file's order.
    pub(crate) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|mistake| mistake.at);
        mistakes.dedup();
        mistakes
    }

    /// The variables that nobody asked for.
    pub(crate) fn unread(&self) -> Vec<String> {
        let read = self.read.borrow();
        let names: BTreeSet<&str> = self.variables.iter().map(|v| v.name.as_str()).collect();
        names.into_iter().filter(|name| !read.contains(*name)).map(str::to_owned).collect()
    }

    /// The variables that somebody asked for, there or not.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.read.borrow().clone()
    }

    /// Whether a variable is there, with or without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable.name == name)
    }

    /// A variable that is there; its value may be empty.
    pub(crate) fn given(&self, name: &str) -> Option<Text<'f>> {
        let first_time = self.read.borrow_mut().insert(name.to_owned());
        let mut same = self.variables.iter().filter(|variable| variable.name == name);
        let variable = same.next()?;
        if first_time {
            for again in same {
                let problem = format!(
                    "{name} is there twice, first in line {}, and systems differ in which counts; keep one",
                    variable.at.line
                );
                self.tell(again.at, problem);
            }
            if let Some((at, problem)) = variable.value.unclear() {
                self.tell(at, format!("{name} {problem}"));
            }
        }
        Some(variable.value.text().trim())
    }

    /// A variable with a value; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<Text<'f>> {
        self.given(name).filter(|text| !text.is_empty())
    }

    /// The items of a list with commas; without any it counts as absent.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<Text<'f>>> {
        self.text(name).map(Text::items).filter(|items| !items.is_empty())
    }

    /// True or false; `None` where it isn't there.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        let flag = match text.as_str().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if flag.is_none() {
            let problem = format!(
                "{name} must be true or false: other words are read differently by different systems"
            );
            self.tell(text.at(), problem);
        }
        flag
    }

    /// One of several words, in any case; `None` where it isn't there.
    pub(crate) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(word, _)| text.as_str().eq_ignore_ascii_case(word));
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.tell(text.at(), format!("{name} must be one of {}", words.join(", ")));
        }
        found.map(|(_, choice)| *choice)
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        let text = self.text(name)?;
        let number = text.as_str().parse().ok();
        if number.is_none() {
            self.tell(text.at(), format!("{name} must be a whole number"));
        }
        number
    }

    /// A duration as Go has it (`1m30s`), as a document has it.
    pub(crate) fn go_duration(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let milliseconds = go_duration(text.as_str());
        match milliseconds {
            Some(0) | None => {
                self.tell(text.at(), format!("{name} must be a duration such as 10m or 1h30m"));
                None
            }
            Some(ms) if ms % 60_000 == 0 => Some(format!("{}m", ms / 60_000)),
            Some(ms) if ms % 1_000 == 0 => Some(format!("{}s", ms / 1_000)),
            Some(ms) => Some(format!("{ms}ms")),
        }
    }

    /// The name of a header, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if text.as_str().bytes().all(token) {
            return Some(text.as_str().to_ascii_lowercase());
        }
        self.tell(text.at(), format!("{name} is no name of a header"));
        None
    }

    /// The address of a key set. It ends up in the document, so it may hold no
    /// secret.
    pub(crate) fn url(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if let Some(problem) = bad_url(text.as_str()) {
            self.tell(text.at(), format!("{name} {problem}"));
            return None;
        }
        Some(text.as_str().to_owned())
    }

    /// The name of a tenant: as the document takes it, and not the reserved one.
    pub(crate) fn tenant(&self, text: Text<'_>) -> Option<String> {
        let name = text.as_str();
        let follows = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
        let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !starts || name.len() > 128 || !name.bytes().all(follows) {
            self.tell(text.at(), "is no name of a tenant: up to 128 letters, digits and . _ : -, the first a letter or digit; rename it");
            return None;
        }
        Some(name.to_owned())
    }

    /// A name for a secret that shares its variable with other things.
    pub(crate) fn name_secret(&self, prefix: &str) -> String {
        let count = self.secrets.get().saturating_add(1);
        self.secrets.set(count);
        format!("{prefix}_{count}")
    }
}

/// What is wrong with the address of a key set.
pub(crate) fn bad_url(url: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("must be an address that begins with https://");
    };
    if !matches!(scheme, "https" | "http") {
        return Some("must be an address that begins with https://");
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if rest.contains(['@', '?', '#']) {
        return Some(
            "holds a user, a query or a fragment, which may be secrets; a key set is public, so take them out",
        );
    }
    let plain = rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
    let port = port.ends_with(']') || port.parse::<u16>().is_ok();
    (name.is_empty() || !port || !plain).then_some("is no address")
}

/// Milliseconds of a duration as Go's time.ParseDuration takes them.
fn go_duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = after;
    }
    // As many as a document takes in any unit.
    (!text.is_empty() && sum <= u64::from(u32::MAX)).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, milliseconds) in [
            ("10m", Some(600_000)),
            ("1h30m", Some(5_400_000)),
            ("5s", Some(5_000)),
            ("200ms", Some(200)),
            ("", None),
            ("10", None),
            ("m", None),
            ("-1s", None),
            ("1.5s", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(go_duration(text), milliseconds, "{text}");
        }
    }

    #[test]
    fn an_address_that_may_hold_a_secret_is_refused() {
        for good in [
            "https://a.example/jwks",
            "http://localhost:8080/auth/v1/jwks",
            "https://[::1]/",
            "https://[::1]:8443/k",
        ] {
            assert_eq!(bad_url(good), None, "{good}");
        }
        for bad in [
            "",
            "a.example",
            "ftp://a",
            "https://",
            "https://u:p@a/",
            "https://a/?k=1",
            "https://a b",
            "https://u:p/w@a/",
            "https://u:secret/",
            "https://:443/",
        ] {
            assert!(bad_url(bad).is_some(), "{bad}");
        }
    }
}
