//! The proxy as the core sees it.

use core::time::Duration;
use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::contexts;
use super::hostcalls::{self, NOT_FOUND, UNIMPLEMENTED};
use crate::address;
use crate::config::Environment;
use crate::host::{
    Hash, Host, HostError, Shared, SignatureVerdict, SignatureVerifier, Timestamp, Written,
};
use crate::remote::{Network, Store};

/// `envoy.source.extensions.common.wasm.VerifySignatureResult`.
#[derive(Clone, PartialEq, Message)]
struct VerifyResult {
    #[prost(bool, tag = "1")]
    result: bool,
    #[prost(string, tag = "2")]
    error: String,
}

/// `envoy.source.extensions.common.wasm.VerifySignatureArguments`: hash
/// function, key, signature and text. Each is copied once: tokens and keys are
/// long, and a message of prost's owns all that it holds.
fn verify_arguments(hash: Hash, key: &[u8], signature: &[u8], message: &[u8]) -> Vec<u8> {
    let fields = [(1, hash.name().as_bytes()), (2, key), (3, signature), (4, message)];
    let bytes = fields.iter().map(|(_, field)| field.len().saturating_add(MOST_FRAMING));
    let mut buffer = Vec::with_capacity(bytes.fold(0, usize::saturating_add));
    for (tag, field) in fields {
        // As in any message of proto3, what is empty is left out.
        if !field.is_empty() {
            encode_key(tag, WireType::LengthDelimited, &mut buffer);
            encode_varint(field.len() as u64, &mut buffer);
            buffer.extend_from_slice(field);
        }
    }
    buffer
}

/// As many bytes stand before a field at most: its key, and a length of 32
/// bits.
const MOST_FRAMING: usize = 6;

/// The host that this VM runs in.
#[derive(Debug, Default)]
pub(super) struct ProxyHost {
    /// It said once that it doesn't verify signatures.
    verifies_nothing: Cell<bool>,
    /// The plugin's root context.
    root: u32,
    /// The time that the current request was told last.
    told: Cell<Option<Timestamp>>,
}

impl ProxyHost {
    pub(super) fn of(root: u32) -> Self {
        Self { root, ..Self::default() }
    }

    /// To be called where deciding on a request begins: what another was told
    /// is no time of this one.
    pub(super) fn begin(&self) {
        self.told.set(None);
    }
}

impl SignatureVerifier for ProxyHost {
    fn verify_signature(
        &self,
        hash: Hash,
        key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        if self.verifies_nothing.get() {
            return Ok(SignatureVerdict::Unsupported);
        }
        let arguments = verify_arguments(hash, key, signature, message);
        let call = hostcalls::call_foreign_function("verify_signature", &arguments);
        match call {
            Err(HostError { status: NOT_FOUND | UNIMPLEMENTED, .. }) => {
                self.verifies_nothing.set(true);
                Ok(SignatureVerdict::Unsupported)
            }
            Err(error) => Err(error),
            // An empty answer is a message too: result is false.
            Ok(answer) => match VerifyResult::decode(answer.as_slice()) {
                Ok(answer) if answer.result => Ok(SignatureVerdict::Valid),
                Ok(_) => Ok(SignatureVerdict::Invalid),
                Err(_) => Err(HostError { call: "verify_signature", status: 0 }),
            },
        }
    }
}

impl Host for ProxyHost {
    fn now(&self) -> Result<Timestamp, HostError> {
        let now = hostcalls::now().map(Timestamp::from_nanoseconds)?;
        self.told.set(Some(now));
        Ok(now)
    }

    fn recent(&self) -> Result<Timestamp, HostError> {
        self.told.get().map_or_else(|| self.now(), Ok)
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        address_property(&["source", "address"])
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        address_property(&["filter_state", "tenant_guard.peer"])
    }

    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError> {
        hostcalls::shared_data(name)
    }

    fn share(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        hostcalls::set_shared_data(name, value, version)
    }
}

impl Store for ProxyHost {
    fn put(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        hostcalls::put_shared_data(name, value)
    }
}

impl Network for ProxyHost {
    fn get(&self, cluster: &str, headers: &[(&str, &str)], timeout: f64) -> Result<u32, HostError> {
        contexts::call(self.root, cluster, headers, Duration::from_secs_f64(timeout))
    }
}

fn address_property(path: &[&str]) -> Result<Option<IpAddr>, HostError> {
    let property = hostcalls::property(path)?;
    Ok(property.as_deref().and_then(address::parse))
}

/// The VM's environment, which holds secrets.
pub(super) struct VmEnvironment {
    variables: HashMap<Vec<u8>, Vec<u8>>,
    vm_id: Option<String>,
}

impl VmEnvironment {
    pub(super) fn read() -> Result<Self, HostError> {
        let variables = hostcalls::environment()?.into_iter().filter_map(|variable| {
            let at = variable.iter().position(|&byte| byte == b'=')?;
            let (name, value) = variable.split_at_checked(at)?;
            Some((name.to_vec(), value.get(1..)?.to_vec()))
        });
        let vm_id = hostcalls::property(&["plugin_vm_id"])?;
        let vm_id = vm_id.map(|id| String::from_utf8_lossy(&id).into_owned());
        Ok(Self { variables: variables.collect(), vm_id })
    }
}

impl core::fmt::Debug for VmEnvironment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "VmEnvironment({:?})", self.vm_id)
    }
}

impl Environment for VmEnvironment {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        self.variables.get(name.as_bytes()).cloned()
    }

    fn vm_id(&self) -> Option<&str> {
        self.vm_id.as_deref()
    }
}
