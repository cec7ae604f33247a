//! The answer to a request: a document, or why it is none.

/// An answer as the host has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names in lower case, `:status` among them. Empty where none came: the
    /// connection failed, or it took too long.
    pub headers: Vec<(String, String)>,
    /// How long the body is, in bytes.
    pub size: usize,
    /// The body, where it isn't longer than was asked for.
    pub body: Vec<u8>,
}

/// What an answer is good for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// Its body.
    Body { body: Vec<u8>, etag: Option<String> },
    /// The document that was fetched before is the present one.
    Unchanged,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.trim())
    }

    /// Checks all that can be checked before the body is read.
    ///
    /// # Errors
    /// What is wrong, for the log.
    pub(super) fn check(self, max_bytes: usize, conditional: bool) -> Result<Document, String> {
        let Some(status) = self.header(":status") else {
            return Err(
                "no answer came: the connection failed or was cut, or timeout passed".into()
            );
        };
        match status {
            "200" => {}
            "304" if conditional => return Ok(Document::Unchanged),
            "301" | "302" | "303" | "307" | "308" => {
                return Err(format!(
                    "status {status}: redirects aren't followed; give the address that it leads to"
                ));
            }
            // The proxy's own, most likely.
            "503" => {
                return Err(
                    "status 503: the connection failed or was closed, or whoever was asked says so"
                        .into(),
                );
            }
            "504" => return Err("status 504: timeout passed, or whoever was asked says so".into()),
            status => return Err(format!("status {}", shortened(status))),
        }
        if let Some(encoding) = self.header("content-encoding")
            && !encoding.eq_ignore_ascii_case("identity")
        {
            return Err(format!(
                "content-encoding {}, which wasn't asked for",
                shortened(encoding)
            ));
        }
        if let Some(media) = self.header("content-type")
            && !is_json(media)
        {
            return Err(format!("content-type {}, which isn't JSON", shortened(media)));
        }
        if self.size > max_bytes {
            return Err(format!("{} bytes, more than the {max_bytes} that are read", self.size));
        }
        if self.body.len() != self.size {
            return Err("the proxy handed over only a part of it".into());
        }
        let etag = self.header("etag").filter(|etag| etag.len() <= 256).map(str::to_owned);
        Ok(Document::Body { body: self.body, etag })
    }
}

/// `application/json`, and what ends in `+json` (RFC 6839 section 3.1).
fn is_json(media: &str) -> bool {
    let kind = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

/// Somebody else's text, for the log.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(60).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)], body: &str) -> Answer {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Answer { headers: headers.iter().map(owned).collect(), size: body.len(), body: body.into() }
    }

    #[test]
    fn only_a_whole_json_answer_is_a_document() {
        for (headers, size, wrong) in [
            (vec![], 2, "no answer"),
            (vec![(":status", "500")], 2, "status 500"),
            (vec![(":status", "204")], 2, "status 204"),
            (vec![(":status", "206")], 2, "status 206"),
            (vec![(":status", "302"), ("location", "/x")], 2, "redirects"),
            (vec![(":status", "304")], 2, "status 304"),
            (vec![(":status", "200"), ("content-type", "text/html")], 2, "isn't JSON"),
            (vec![(":status", "200"), ("content-type", "application/jsonx")], 2, "isn't JSON"),
            (vec![(":status", "200"), ("content-encoding", "gzip")], 2, "gzip"),
            (vec![(":status", "200")], 11, "more than the 10"),
            (vec![(":status", "200")], 3, "only a part"),
        ] {
            let said = Answer { size, ..answer(&headers, "{}") }.check(10, false).unwrap_err();
            assert!(said.contains(wrong), "{headers:?} {said}");
        }
    }

    #[test]
    fn json_has_several_names() {
        for media in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/jwk-set+json",
            "text/json",
        ] {
            let good =
                answer(&[(":status", "200"), ("content-type", media), ("etag", "\"a\"")], "{}");
            let document = Document::Body { body: b"{}".to_vec(), etag: Some("\"a\"".into()) };
            assert_eq!(good.check(2, false), Ok(document), "{media}");
        }
        assert!(
            answer(&[(":status", "200")], "{}").check(2, false).is_ok(),
            "none is no wrong one"
        );
        assert_eq!(answer(&[(":status", "304")], "").check(2, true), Ok(Document::Unchanged));
    }
}
