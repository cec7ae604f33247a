//! Where something listens: `127.0.0.1:8000`, `[::1]:8000`, `app.internal:80`.

use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MUST: &str = "must be HOST:PORT, as in 127.0.0.1:8000, [::1]:8000 or app.internal:80";
        let (host, port) = text.rsplit_once(':').ok_or(MUST)?;
        let port: u16 = port.parse().map_err(|_| MUST)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let is_v6 = bare.is_some();
        let is_name = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        let fits = match host.parse::<IpAddr>() {
            Ok(address) => address.is_ipv6() == is_v6,
            Err(_) => is_name && !is_v6,
        };
        if fits && port > 0 { Ok(Self { host: host.to_owned(), port }) } else { Err(MUST) }
    }
}

impl Address {
    /// Whether it is an address, and not a name that has one.
    pub(super) fn is_ip(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// As Envoy's `socket_address`.
    pub(super) fn socket_address(&self) -> String {
        format!("{{address: \"{}\", port_value: {}}}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, host, port) in [
            ("127.0.0.1:8000", "127.0.0.1", 8000),
            ("[::1]:80", "::1", 80),
            ("app.internal:65535", "app.internal", 65535),
        ] {
            assert_eq!(text.parse(), Ok(Address { host: host.into(), port }), "{text}");
        }
        for bad in [
            "",
            "8000",
            ":80",
            "app",
            "app:",
            "app:0",
            "app:65536",
            "::1:80",
            "[app]:80",
            "a b:1",
            "\"x:1",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
