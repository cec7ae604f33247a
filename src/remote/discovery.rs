//! An OpenID configuration: where an issuer's keys are (OpenID Connect
//! Discovery 1.0 section 4).

use serde_json::Value;

use super::answer::shortened;
use super::source::{Content, Source};
use super::uri::Uri;
use crate::json;
use crate::jwt::IssuerName;

/// The cluster and the address of the key set.
///
/// # Errors
/// What is wrong with the document, for the log.
pub(super) fn jwks_of(source: &Source, body: &[u8]) -> Result<(String, Uri), String> {
    let Content::Discovery { issuer, jwks_cluster, insecure } = &source.content else {
        return Err("no OpenID configuration was asked for".into());
    };
    let document = json::parse(body).map_err(|_| "not valid JSON with unique names")?;
    let field = |name: &str| document.get(name).and_then(Value::as_str);
    let said = field("issuer").ok_or("names no issuer")?;
    if !is_of(issuer, said) {
        return Err(format!("of another issuer than the configured one: {}", shortened(said)));
    }
    let uri = Uri::parse(field("jwks_uri").ok_or("names no jwks_uri")?)
        .map_err(|problem| format!("jwks_uri {problem}"))?;
    if !uri.is_secure() && !insecure {
        return Err("jwks_uri isn't https".into());
    }
    match jwks_cluster {
        Some(cluster) => Ok((cluster.clone(), uri)),
        None if uri.is_same_origin(&source.uri) => Ok((source.cluster.clone(), uri)),
        None => {
            Err("jwks_uri is of another origin; set jwks_cluster to the cluster that has it".into())
        }
    }
}

/// Whether a document is of the configured issuer. Where that is a template,
/// so is what the document says, maybe with another name in the braces.
fn is_of(configured: &str, said: &str) -> bool {
    if configured == said {
        return true;
    }
    match IssuerName::parse(configured) {
        Ok(IssuerName::Template(template)) => template.is_alike(said),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Timing;
    use serde_json::json;

    fn source(issuer: &str, jwks_cluster: Option<&str>, insecure: bool) -> Source {
        let timing = Timing { refresh: 1.0, timeout: 1.0, max_stale: 1.0, cooldown: 1.0 };
        let content = Content::Discovery {
            issuer: issuer.into(),
            jwks_cluster: jwks_cluster.map(str::to_owned),
            insecure,
        };
        let scheme = if insecure { "http" } else { "https" };
        let uri = Uri::parse(&format!("{scheme}://idp.example/conf")).unwrap();
        Source::new("x".into(), content, ("idp".into(), uri), Vec::new(), timing, 9)
    }

    fn found(source: &Source, issuer: &str, jwks_uri: &str) -> Result<(String, String), String> {
        let body = json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string();
        jwks_of(source, body.as_bytes()).map(|(cluster, uri)| (cluster, uri.to_string()))
    }

    #[test]
    fn keys_are_at_the_same_origin_unless_a_cluster_is_given() {
        let issuer = "https://idp.example";
        let own = source(issuer, None, false);
        let good = found(&own, issuer, "https://idp.example/jwks");
        assert_eq!(good, Ok(("idp".into(), "https://idp.example/jwks".into())));
        for other in ["https://evil.example/jwks", "https://idp.example:8443/jwks"] {
            assert!(found(&own, issuer, other).unwrap_err().contains("another origin"), "{other}");
        }
        let given = source(issuer, Some("keys"), false);
        let good = found(&given, issuer, "https://other.example/jwks");
        assert_eq!(good, Ok(("keys".into(), "https://other.example/jwks".into())));
        assert!(found(&given, issuer, "http://other.example/jwks").unwrap_err().contains("https"));
        assert!(found(&source(issuer, None, true), issuer, "http://idp.example/jwks").is_ok());
    }

    #[test]
    fn the_issuer_must_be_the_configured_one() {
        let own = source("https://idp.example", None, false);
        for other in ["https://idp.example/", "https://IDP.example", "", "https://evil.example"] {
            assert!(found(&own, other, "https://idp.example/jwks").is_err(), "{other}");
        }
        let entra = source("https://idp.example/{tid}/v2.0", None, false);
        let jwks = "https://idp.example/jwks";
        assert!(found(&entra, "https://idp.example/{tenantid}/v2.0", jwks).is_ok());
        for other in ["https://idp.example/acme/v2.0", "https://idp.example/{tenantid}/v1.0"] {
            assert!(found(&entra, other, jwks).is_err(), "{other}");
        }
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        let own = source("https://idp.example", None, false);
        for body in ["", "[]", "{}", "{\"issuer\": 1}", "{\"issuer\": \"https://idp.example\"}"] {
            assert!(jwks_of(&own, body.as_bytes()).is_err(), "{body}");
        }
    }
}
