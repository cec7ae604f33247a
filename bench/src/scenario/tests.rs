use super::*;

const NOW: i64 = 1_800_000_000;

struct NoVariables;

impl tenant_guard::Environment for NoVariables {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        Some("bench")
    }
}

fn loads(document: &Value) {
    let loaded = tenant_guard::load(document.to_string().as_bytes(), &NoVariables);
    assert!(loaded.is_ok(), "{:?}", loaded.err());
}

#[test]
fn every_document_is_taken_without_a_mistake() {
    for signer in [Signer::Rs256, Signer::Es256] {
        loads(&Scenario::warm_token(signer, NOW).document);
        loads(&Scenario::cold_token(signer, NOW).document);
        loads(&Scenario::new_token(signer, 1, NOW).document);
    }
    for line in Line::ALL {
        for size in line.sizes().iter().filter(|size| **size <= 1_000) {
            loads(&line.at(*size, NOW).document);
        }
    }
}

#[test]
fn a_token_is_as_long_as_usual_ones() {
    let length = Signer::Rs256.token(&tenant(9), NOW).len();
    assert!((585..=600).contains(&length), "{length}");
}

#[test]
fn each_number_has_a_token_of_its_own() {
    let [first, second] = [1, 2].map(|number| new_token_path(Signer::Es256, number, NOW));
    assert_ne!(first, second);
    assert_eq!(first.len(), second.len());
}

#[test]
fn each_line_has_as_many_as_it_says() {
    let count = |line: Line, size, pointer: &str| {
        let document = line.at(size, NOW).document;
        document.pointer(pointer).and_then(Value::as_array).map(Vec::len)
    };
    assert_eq!(count(Line::Tenants, 100, "/tenants"), Some(100));
    assert_eq!(count(Line::Keys, 100, "/tenants"), Some(10));
    assert_eq!(count(Line::Keys, 100, "/tenants/9/clients/0/keys"), Some(10));
    assert_eq!(count(Line::Issuers, 7, "/jwt/issuers"), Some(7));
    assert_eq!(count(Line::Routes, 7, "/routes"), Some(7));
    assert_eq!(count(Line::Addresses, 300, "/tenants/9/ip"), Some(300));
}

#[test]
fn no_two_address_rules_are_alike() {
    let mut rules = Address { rules: 10_000 }.list();
    rules.sort();
    rules.dedup();
    assert_eq!(rules.len(), 10_000);
}
