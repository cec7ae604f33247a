//! Where failures are kept: a page of slots is one value that all workers
//! share, so that no request reads more than one.

use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest, Sha256};

/// How many pages there are at most. With [`SLOTS`], about 16,000 clients are
/// recorded, in less than half a mebibyte.
pub(super) const PAGES: u16 = 1024;

/// How many slots a page has at most.
pub(super) const SLOTS: usize = 16;

/// The size of a slot, in bytes.
pub(super) const SLOT_BYTES: usize = 28;

/// The first 64 bits of an IPv6 address: what one customer is given.
const NETWORK: u128 = !(u64::MAX as u128);

/// Whose failures count together: an IPv4 address, as IPv6 maps it, or an IPv6
/// network of 64 bits. The two never meet: a network's last 64 bits are zeros,
/// and those of a mapped address aren't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client([u8; 16]);

impl Client {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).octets(),
        })
    }

    /// The name of the shared value that has the client's page. The `1` is the
    /// version of the layout.
    pub(super) fn page(self) -> String {
        let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(self.0));
        let page = u16::from_le_bytes([first, second]) % PAGES;
        format!("tenant_guard.failures.1.{page}")
    }
}

/// What is known of one client. Times are whole seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// The whole of it, not a hash: nobody answers for another's failures.
    pub(super) client: Client,
    /// When the window ends that the failures were in.
    pub(super) window_end: u32,
    /// How many failures there were in that window.
    pub(super) failures: u32,
    /// When the last block ends or ended; 0 where there was none.
    pub(super) blocked_until: u32,
}

impl Slot {
    fn decode(bytes: &[u8; SLOT_BYTES]) -> Option<Self> {
        let (client, numbers) = bytes.split_first_chunk()?;
        let ([window_end, failures, blocked_until], []) = numbers.as_chunks() else {
            return None;
        };
        Some(Self {
            client: Client(*client),
            window_end: u32::from_le_bytes(*window_end),
            failures: u32::from_le_bytes(*failures),
            blocked_until: u32::from_le_bytes(*blocked_until),
        })
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.client.0);
        for number in [self.window_end, self.failures, self.blocked_until] {
            bytes.extend(number.to_le_bytes());
        }
    }
}

/// The clients of one page: at most [`SLOTS`], none of them twice.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<Slot>);

impl Page {
    /// From a shared value. One that no page was written as counts as empty:
    /// there is nobody to tell, and the next failure mends it.
    pub(super) fn decode(value: &[u8]) -> Self {
        let (slots, rest) = value.as_chunks();
        if !rest.is_empty() || slots.len() > SLOTS {
            return Self::default();
        }
        Self(slots.iter().filter_map(Slot::decode).collect())
    }

    /// The shared value.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len().saturating_mul(SLOT_BYTES));
        for slot in &self.0 {
            slot.encode(&mut bytes);
        }
        bytes
    }

    pub(super) fn find(&self, client: Client) -> Option<&Slot> {
        self.0.iter().find(|slot| slot.client == client)
    }

    /// Puts a slot in its client's place, in a free one, or else in that of the
    /// slot that is worth least.
    pub(super) fn put<W: Ord>(&mut self, new: Slot, worth: impl Fn(&Slot) -> W) {
        if let Some(slot) = self.0.iter_mut().find(|slot| slot.client == new.client) {
            *slot = new;
        } else if self.0.len() < SLOTS {
            self.0.push(new);
        } else if let Some(slot) = self.0.iter_mut().min_by_key(|slot| worth(slot)) {
            *slot = new;
        }
    }
}
