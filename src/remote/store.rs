//! Records and contents in the values that all workers share. A host never
//! forgets a value, so there are two for each source and no more.

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

/// What was fetched, if it is that which the record tells of: its number goes
/// before it.
pub(super) fn content(
    store: &dyn Store,
    id: SourceId,
    number: u64,
) -> Result<Option<Vec<u8>>, HostError> {
    let Some(mut shared) = store.shared(&content_name(id))? else {
        return Ok(None);
    };
    if shared.value.first_chunk::<8>() != Some(&number.to_le_bytes()) {
        return Ok(None);
    }
    shared.value.drain(..8);
    Ok(Some(shared.value))
}

pub(super) fn put_content(
    store: &dyn Store,
    id: SourceId,
    number: u64,
    content: &[u8],
) -> Result<(), HostError> {
    let mut value = Vec::with_capacity(content.len().saturating_add(8));
    value.extend(number.to_le_bytes());
    value.extend(content);
    store.put(&content_name(id), &value)
}
