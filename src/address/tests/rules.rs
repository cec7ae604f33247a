//! Each form of a rule, good and bad, at its edges.

use super::*;

/// Which of some addresses a rule means.
fn check(text: &str, within: &[&str], without: &[&str]) {
    let set = set(&[text]);
    for address in within {
        assert!(set.contains(ip(address)), "{text} should hold {address}");
    }
    for address in without {
        assert!(!set.contains(ip(address)), "{text} shouldn't hold {address}");
    }
}

fn refused(rules: &[&str], problem: &str) {
    for text in rules {
        let error = AddressRule::parse(text).expect_err(text);
        assert!(error.contains(problem), "{text}: {error}");
    }
}

#[test]
fn an_address_means_itself() {
    check("192.168.0.10", &["192.168.0.10"], &["192.168.0.9", "192.168.0.11", "::c0a8:a"]);
    check("0.0.0.0", &["0.0.0.0"], &["0.0.0.1", "::"]);
    check("255.255.255.255", &["255.255.255.255"], &["255.255.255.254"]);
    check("2001:db8::1", &["2001:db8::1"], &["2001:db8::", "2001:db8::2"]);
    check("::", &["::"], &["::1", "0.0.0.0"]);
}

#[test]
fn a_cidr_means_its_first_address_to_its_last() {
    check("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0", "::a00:0"]);
    check("10.0.0.4/31", &["10.0.0.4", "10.0.0.5"], &["10.0.0.3", "10.0.0.6"]);
    check("10.0.0.4/32", &["10.0.0.4"], &["10.0.0.3", "10.0.0.5"]);
    check("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::", "ffff::"]);
    check("2001:db8::/32", &["2001:db8::", "2001:db8:ffff::1"], &["2001:db7::", "2001:db9::"]);
    check("2001:db8::1/128", &["2001:db8::1"], &["2001:db8::", "2001:db8::2"]);
    check(
        "::/0",
        &["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        &["0.0.0.0", "::ffff:1.2.3.4"],
    );
}

#[test]
fn a_cidr_with_host_bits_is_told_what_it_should_be() {
    for (text, mended) in [
        ("10.0.0.1/8", "10.0.0.0/8"),
        ("192.168.0.1/0", "0.0.0.0/0"),
        ("10.0.0.5/31", "10.0.0.4/31"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::1/0", "::/0"),
        ("::ffff:10.0.0.1/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1/8", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/8", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/64", "::/64"),
    ] {
        let problem = format!("has host bits set; write {mended}");
        assert_eq!(AddressRule::parse(text), Err(problem), "{text}");
        rule(mended);
    }
}

#[test]
fn a_cidr_needs_a_plain_number_of_bits() {
    refused(
        &["10.0.0.0/", "10.0.0.0/33", "10.0.0.0/256", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/ 8"],
        "from 0 to 32",
    );
    refused(&["10.0.0.0/255.0.0.0", "10.0.0.0/8/8", "10.0.0.0/8 "], "from 0 to 32");
    refused(&["10.0.0.0/-8"], "is no address rule");
    refused(&["::/129", "::/", "::/00", "::ffff:10.0.0.0/129"], "from 0 to 128");
}

#[test]
fn a_star_in_a_wildcard_is_any_number() {
    check("10.0.*.*", &["10.0.0.0", "10.0.255.255"], &["9.255.255.255", "10.1.0.0"]);
    check("10.0.0.*", &["10.0.0.0", "10.0.0.255"], &["10.0.1.0"]);
    check("*.*.*.*", &["0.0.0.0", "255.255.255.255"], &["::", "ffff::"]);
    check(
        "10.*.1.*",
        &["10.0.1.0", "10.0.1.255", "10.255.1.7"],
        &["10.0.0.255", "10.0.2.0", "11.0.1.0"],
    );
    check("*.1.2.3", &["0.1.2.3", "255.1.2.3"], &["0.1.2.2", "0.1.2.4", "0.2.2.3"]);
    check("1.2.*.3", &["1.2.0.3", "1.2.255.3"], &["1.2.0.2", "1.3.0.3"]);
    check("0.*.*.*", &["0.0.0.0", "0.255.255.255"], &["1.0.0.0"]);
}

#[test]
fn a_wildcard_of_too_many_ranges_is_refused() {
    assert_eq!(rule("10.*.1.*").spans().len(), 256);
    assert_eq!(rule("*.0.0.0").spans().len(), 256);
    assert_eq!(rule("*.*.*.*").spans().len(), 1);
    refused(&["*.*.1.*", "*.*.1.1", "*.1.*.1", "*.*.*.1"], "write CIDRs");
}

#[test]
fn a_wildcard_has_four_parts_of_ipv4() {
    refused(
        &["10.*", "10.0.*", "10.0.*.*.*", "10.0.1*.*", "10.0.**.*", "10.0..*", "*.", "**", " *"],
        "is no wildcard",
    );
    refused(
        &["010.0.*.*", "256.0.0.*", "+1.0.0.*", "10.0.*.0/24", "10.0.0.*-10.0.1.*"],
        "0 to 255",
    );
    refused(&["2001:db8:*", "::*", "::ffff:10.0.*.*", "[::*]"], "in IPv6");
    refused(&["*.example.com"], "is no wildcard");
}

#[test]
fn a_range_holds_both_its_ends() {
    let (within, without) = (["192.168.0.50", "192.168.0.100"], ["192.168.0.49", "192.168.0.101"]);
    for text in [
        "192.168.0.50-192.168.0.100",
        "192.168.0.50 - 192.168.0.100",
        "192.168.0.50-  192.168.0.100",
    ] {
        check(text, &within, &without);
    }
    check("10.0.0.1-10.0.0.1", &["10.0.0.1"], &["10.0.0.0", "10.0.0.2"]);
    check("0.0.0.0-255.255.255.255", &["0.0.0.0", "255.255.255.255"], &["::"]);
    check("2001:db8::5-2001:db8::a", &["2001:db8::5", "2001:db8::a"], &["2001:db8::4", "::b"]);
}

#[test]
fn a_range_is_of_one_family_and_runs_forward() {
    refused(&["10.0.0.2-10.0.0.1"], "starts after its end; write 10.0.0.1-10.0.0.2");
    refused(&["::2 - ::1"], "starts after its end; write ::1-::2");
    refused(&["10.0.0.1-::1", "::1-10.0.0.1", "::-::ffff:1.2.3.4"], "write one range for each");
    refused(
        &[
            "10.0.0.1-",
            "-10.0.0.1",
            "-",
            "10.0.0.1-9",
            "1.1.1.1-2.2.2.2-3.3.3.3",
            "10.0.0.0/8-11.0.0.0",
        ],
        "is no address rule",
    );
    refused(&["10.0.0.1\t-10.0.0.2", " 10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2 "], "is no address");
}

#[test]
fn a_star_alone_is_every_address_of_both_families() {
    check("*", &["0.0.0.0", "255.255.255.255", "::", "ffff::1", "::ffff:1.2.3.4"], &[]);
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_ipv4_in_rules_too() {
    for (text, same) in [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:a00:1", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1/128", "10.0.0.1/32"),
        ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.1-::ffff:10.0.0.9", "10.0.0.1-10.0.0.9"),
        ("::ffff:10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"),
    ] {
        assert_eq!(rule(text), rule(same), "{text}");
    }
    // These only reach over where IPv4 lies.
    check("::/80", &["::", "::1:0:0"], &["1.2.3.4", "::ffff:1.2.3.4", "255.255.255.255"]);
    check("::fffe:0:0/95", &["::fffe:0:0"], &["0.0.0.0", "255.255.255.255"]);
    check("::-::1:0:0:0", &["::5", "::1:0:0:0"], &["1.2.3.4", "0.0.0.0"]);
}

#[test]
fn what_is_no_rule_is_told_how_to_be_one() {
    refused(
        &["", " ", "localhost", "example.com", "my-host", "10.0.0", "10.0.0.0.0", "10.0.0.256"],
        "is no address rule: write",
    );
    refused(
        &["10.0.0.1 ", " 10.0.0.1", "10.0.0.1\n", "10.0.0.1x", "10.0.0.1,10.0.0.2", "::1 # home"],
        "is no address rule: write",
    );
    refused(
        &["1::2::3", ":::", "/8", "10/8", "10.0.0.0\u{2013}10.0.0.1", "\u{661}.1.1.1"],
        "is no",
    );
    refused(
        &["010.0.0.1", "10.0.0.00", "010.0.0.0/8", "10.0.0.1-10.0.0.09", "0010.0.0.1"],
        "leading zeros",
    );
    refused(&["10.0.0.1:80"], "write the address alone: 10.0.0.1");
    refused(&["[::1]:80", "[::1]", "[::1]/128"], "write the address alone: ::1");
    refused(&["fe80::1%eth0", "fe80::1%eth0/64", "fe80::1%br-lan"], "alone: fe80::1");
}

proptest! {
    #[test]
    fn text_never_panics(text: String, near in r"[0-9a-f:.%*/ \[\]-]{0,40}") {
        let _ = AddressRule::parse(&text);
        let _ = AddressRule::parse(&near);
    }

    #[test]
    fn every_address_is_a_rule_that_means_itself_only(address: IpAddr, other: IpAddr) {
        let set = set(&[&address.to_string()]);
        prop_assert!(set.contains(address));
        prop_assert_eq!(set.contains(other), address.to_canonical() == other.to_canonical());
    }
}
