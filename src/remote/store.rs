//! Records and contents in the values that all workers share. A host never
//! forgets a value, so there are two for each source and no more.

use std::hash::{DefaultHasher, Hasher};

use super::SourceId;
use super::record::Record;
use crate::host::{Host, HostError, Written};

/// How often a record is tried to be changed while other workers change it.
const TRIES: u32 = 16;

/// What keeps the values that are shared.
pub trait Store: Host {
    /// Writes a shared value, whatever is there.
    ///
    /// # Errors
    /// When the host can't write it.
    fn put(&self, name: &str, value: &[u8]) -> Result<(), HostError>;
}

fn record_name(id: SourceId) -> String {
    format!("tenant_guard.remote.{:016x}", id.0)
}

fn content_name(id: SourceId) -> String {
    format!("tenant_guard.remote.{:016x}.content", id.0)
}

/// The record of a source, and its version; `None` where there is none.
pub(super) fn record(store: &dyn Store, id: SourceId) -> Result<Option<(Record, u32)>, HostError> {
    let shared = store.shared(&record_name(id))?;
    Ok(shared.map(|shared| (Record::parse(&shared.value), shared.version)))
}

/// Writes a record that has this version, or is new.
pub(super) fn write(
    store: &dyn Store,
    id: SourceId,
    record: &Record,
    version: Option<u32>,
) -> Result<Written, HostError> {
    store.share(&record_name(id), &record.to_bytes(), version)
}

/// Changes a record, as long as `change` wants to; gives what is there then.
pub(super) fn update(
    store: &dyn Store,
    id: SourceId,
    mut change: impl FnMut(&mut Record) -> bool,
) -> Result<(Record, bool), HostError> {
    for _ in 0..TRIES {
        let (mut found, version) = match record(store, id)? {
            Some((found, version)) => (found, Some(version)),
            None => (Record::default(), None),
        };
        if !change(&mut found) {
            return Ok((found, false));
        }
        if write(store, id, &found, version)? == Written::Done {
            return Ok((found, true));
        }
    }
    Err(HostError { call: "proxy_set_shared_data", status: 0 })
}

/// What was fetched, if it is that which the record tells of.
pub(super) fn content(
    store: &dyn Store,
    id: SourceId,
    number: u64,
    sum: u64,
) -> Result<Option<Vec<u8>>, HostError> {
    let shared = store.shared(&content_name(id))?;
    let content = shared.map(|shared| shared.value);
    Ok(content.filter(|content| self::sum(number, content) == sum))
}

pub(super) fn put_content(
    store: &dyn Store,
    id: SourceId,
    content: &[u8],
) -> Result<(), HostError> {
    store.put(&content_name(id), content)
}

/// Tells a content of a number from others. The number is a time that no caller
/// knows, so nobody can make two contents of one sum.
pub(super) fn sum(number: u64, content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(number);
    hasher.write(content);
    hasher.finish()
}
