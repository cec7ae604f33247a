//! What the guard fetches, from files: the core's own fetcher asks, and is
//! answered from them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;

use anyhow::{Context, bail};
use tenant_guard::{
    Answer, AuditLevel, Event, Fetcher, Guard, Hash, Host, HostError, Kept, Network, Shared,
    SignatureVerdict, SignatureVerifier, Store, Timestamp, Written,
};

use crate::environment::Variables;
use crate::host::OfflineHost;

/// More rounds than a directory takes that names issuers with discovery.
const ROUNDS: usize = 64;

/// Documents by URI, as answers to whoever asks for them.
struct Files<'h> {
    host: &'h OfflineHost,
    documents: HashMap<String, Vec<u8>>,
    asked: RefCell<Asked>,
}

#[derive(Default)]
struct Asked {
    last: u32,
    calls: Vec<(u32, String)>,
    /// All URIs that were asked for and given.
    used: Vec<String>,
}

/// Puts what files hold into a guard, as if it had been fetched. Gives what the
/// guard's log would say against them.
///
/// # Errors
/// Where an argument is no `URI=FILE`, a file can't be read, or nobody fetches
/// what is there.
pub(super) fn put(
    given: &[String],
    guard: &mut Guard,
    environment: &Variables,
    host: &OfflineHost,
) -> anyhow::Result<Vec<String>> {
    let mut documents = HashMap::new();
    for pair in given {
        let Some((uri, file)) = pair.rsplit_once('=') else {
            bail!("--fetched must be URI=FILE: {pair}");
        };
        let text = fs::read(file).with_context(|| file.to_owned())?;
        if documents.insert(normal(uri), text).is_some() {
            bail!("--fetched gives {uri} twice");
        }
    }
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let files = Files { host, documents, asked: RefCell::default() };
    let mut kept = Kept { guard, environment };
    let mut fetcher = Fetcher::new(0, &kept);
    let mut lines = Vec::new();
    for _ in 0..ROUNDS {
        let before = files.asked.borrow().last;
        let mut events = fetcher.tick(&mut kept, &files);
        while let Some((token, uri)) = files.next() {
            events.extend(fetcher.answered(token, files.answer(&uri), &mut kept, &files));
        }
        lines.extend(events.into_iter().filter_map(|event| match event {
            Event::Log(AuditLevel::Info | AuditLevel::Debug | AuditLevel::Trace, _) => None,
            Event::Log(_, line) => Some(line),
            Event::Fetched { .. } | Event::Failed { .. } => None,
        }));
        if files.asked.borrow().last == before {
            break;
        }
    }
    let used = files.asked.into_inner().used;
    if let Some(uri) = files.documents.keys().find(|uri| !used.contains(uri)) {
        let sources: Vec<String> =
            guard.source_facts().into_iter().map(|source| source.uri).collect();
        bail!(
            "the guard fetches nothing from {uri}; it fetches {}",
            super::words::all_of(&sources)
        );
    }
    // Whoever isn't given says so by itself.
    lines.retain(|line| !line.contains(NOT_GIVEN));
    Ok(lines)
}

/// Part of what the fetcher says of a cluster that can't be asked.
const NOT_GIVEN: &str = "the proxy has no cluster";

/// A URI in the spelling that calls have: scheme and host in lower case, a path.
fn normal(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let slash = if target.starts_with('/') { "" } else { "/" };
    format!("{}://{}{slash}{target}", scheme.to_ascii_lowercase(), authority.to_ascii_lowercase())
}

impl Files<'_> {
    fn next(&self) -> Option<(u32, String)> {
        self.asked.borrow_mut().calls.pop()
    }

    fn answer(&self, uri: &str) -> Answer {
        let body = self.documents.get(uri).cloned().unwrap_or_default();
        let headers = vec![(":status".to_owned(), "200".to_owned())];
        Answer { headers, size: body.len(), body }
    }
}

impl Network for Files<'_> {
    fn get(&self, _: &str, headers: &[(&str, &str)], _: f64) -> Result<u32, HostError> {
        let header = |name: &str| {
            headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
        };
        let uri = format!("{}://{}{}", header(":scheme"), header(":authority"), header(":path"));
        if !self.documents.contains_key(&uri) {
            return Err(HostError { call: "proxy_http_call", status: 2 });
        }
        let mut asked = self.asked.borrow_mut();
        asked.last = asked.last.saturating_add(1);
        let token = asked.last;
        asked.used.push(uri.clone());
        asked.calls.push((token, uri));
        Ok(token)
    }
}

impl Store for Files<'_> {
    fn put(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        self.host.put(name, value);
        Ok(())
    }
}

impl SignatureVerifier for Files<'_> {
    fn verify_signature(
        &self,
        hash: Hash,
        key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        self.host.verify_signature(hash, key, signature, message)
    }
}

impl Host for Files<'_> {
    fn now(&self) -> Result<Timestamp, HostError> {
        self.host.now()
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        self.host.client_address()
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        self.host.peer_address()
    }

    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError> {
        self.host.shared(name)
    }

    fn share(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        self.host.share(name, value, version)
    }
}
