//! What proxies tell, rules by their text, and sets against a scan that knows
//! nothing of ranges.

mod forms;
mod rules;
mod sets;

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn rule(text: &str) -> AddressRule {
    AddressRule::parse(text).unwrap_or_else(|problem| panic!("{text} {problem}"))
}

fn set(rules: &[&str]) -> AddressSet {
    AddressSet::compile(rules.iter().map(|text| rule(text)))
}

#[test]
fn an_address_is_read_with_or_without_port_brackets_and_zone() {
    for (text, address) in [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:5", "1.2.3.4"),
        ("1.2.3.4:0", "1.2.3.4"),
        ("255.255.255.255:65535", "255.255.255.255"),
        ("::1", "::1"),
        ("::", "::"),
        ("[::1]", "::1"),
        ("[::1]:80", "::1"),
        ("2001:DB8::80", "2001:db8::80"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%2", "fe80::1"),
        ("[fe80::1%eth0.100]", "fe80::1"),
        ("[fe80::1%eth0]:80", "fe80::1"),
    ] {
        assert_eq!(parse(text.as_bytes()), Some(ip(address)), "{text}");
    }
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_the_ipv4_address() {
    for text in ["::ffff:1.2.3.4", "::FFFF:102:304", "[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4%1"] {
        assert_eq!(parse(text.as_bytes()), Some(ip("1.2.3.4")), "{text}");
    }
    // An older form that only looks alike.
    assert_eq!(parse(b"::1.2.3.4"), Some(ip("::102:304")));
}

#[test]
fn all_else_that_proxies_tell_is_no_address() {
    for text in [
        "",
        ":",
        ":80",
        "/var/run/envoy.sock",
        "@abstract",
        "envoy://internal_client_address/",
        "localhost",
        "localhost:80",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "16909060",
        "0x1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:+80",
        "1.2.3.4:-1",
        "1.2.3.4: 80",
        "1.2.3.4:http",
        "1.2.3.4:5:6",
        "1.2.3.4%eth0",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4\0",
        "1.2.3.4, 5.6.7.8",
        "1.2.3.4/32",
        "[1.2.3.4]",
        "[1.2.3.4]:80",
        "[]",
        "[]:80",
        "[",
        "]",
        "[::1",
        "::1]",
        "[[::1]]",
        "[::1]]",
        "[::1]80",
        "[::1]:",
        "[::1]:65536",
        "[::1]:+80",
        "[::1:80]x",
        ":::",
        "1::2::3",
        "12345::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "fe80::1%",
        "[fe80::1%]:80",
        "fe80::1%eth0:80",
        "fe80::1%eth0%1",
        "fe80::1%a b",
        "%eth0",
    ] {
        assert_eq!(parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(parse(b"1.2.3.4\xff"), None);
}

proptest! {
    #[test]
    fn bytes_never_panic(bytes: Vec<u8>, near in r"[0-9a-f:.%\[\]]{0,24}") {
        parse(&bytes);
        parse(near.as_bytes());
    }

    #[test]
    fn every_address_is_read_in_each_of_its_forms(address: IpAddr, port: u16) {
        let canonical = Some(address.to_canonical());
        prop_assert_eq!(parse(address.to_string().as_bytes()), canonical);
        let with_port = std::net::SocketAddr::new(address, port).to_string();
        prop_assert_eq!(parse(with_port.as_bytes()), canonical);
    }
}
