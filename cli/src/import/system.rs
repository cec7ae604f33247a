//! The systems whose environment is understood, and how each is told.

use clap::ValueEnum;

use super::env::Variable;
use super::settings::Settings;
use super::tree::Map;
use super::{ai_backend, control_plane, heimdex, recsys, super_admin};

/// A system with its own tenancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum System {
    /// The control plane of the agent context protocol.
    #[value(alias = "acdp", alias = "control-plane")]
    AgentControlPlane,
    /// The recommendation service.
    Recsys,
    /// The system with a super admin's key in the query.
    SuperAdmin,
    /// Heimdex, with tokens of Supabase or of its developers.
    Heimdex,
    /// The AI backend: it documents no variables, so this is a beginning.
    AiBackend,
}

impl System {
    const ALL: [Self; 5] =
        [Self::AgentControlPlane, Self::Recsys, Self::SuperAdmin, Self::Heimdex, Self::AiBackend];

    /// Its name, as `--system` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AgentControlPlane => "agent-control-plane",
            Self::Recsys => "recsys",
            Self::SuperAdmin => "super-admin",
            Self::Heimdex => "heimdex",
            Self::AiBackend => "ai-backend",
        }
    }

    /// Its document.
    pub(crate) fn import(self, settings: &Settings<'_>) -> Map {
        match self {
            Self::AgentControlPlane => control_plane::import(settings),
            Self::Recsys => recsys::import(settings),
            Self::SuperAdmin => super_admin::import(settings),
            Self::Heimdex => heimdex::import(settings),
            Self::AiBackend => ai_backend::import(settings),
        }
    }

    /// Whether the system reads a variable that decides on nothing a gateway
    /// does.
    pub(crate) fn keeps(self, name: &str) -> bool {
        let (names, prefixes) = match self {
            Self::AgentControlPlane => (control_plane::KEPT, control_plane::KEPT_PREFIXES),
            Self::Recsys => (recsys::KEPT, recsys::KEPT_PREFIXES),
            Self::SuperAdmin => (super_admin::KEPT, super_admin::KEPT_PREFIXES),
            Self::Heimdex => (heimdex::KEPT, heimdex::KEPT_PREFIXES),
            Self::AiBackend => (&[][..], &[][..]),
        };
        names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Variables that no other system has, and those that tell a system only
    /// where nothing else does.
    fn marks(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::AgentControlPlane => (
                &[
                    "AUTH_ADMIN_API_KEYS",
                    "AUTH_API_KEYS",
                    "AUTH_REQUIRE_TENANT",
                    "INGEST_REQUIRE_ENROLLMENT",
                    "INGEST_STRICT_TENANT",
                    "JWT_AUTHORITY",
                    "TENANT_AGENTS",
                    "TENANT_API_KEYS",
                    "TENANT_HEADER_TRUST",
                    "TENANT_QUOTAS",
                    "TOKEN_ISSUANCE_ENABLED",
                    "TRUSTED_ISSUERS",
                ],
                &[],
            ),
            Self::Recsys => (
                &[
                    "API_KEY_ENABLED",
                    "AUTH_ADMIN_ROLE",
                    "AUTH_JWKS_ALLOWED_HOSTS",
                    "AUTH_OPERATOR_ROLE",
                    "AUTH_REQUIRE_TENANT_CLAIM",
                    "AUTH_ROLE_CLAIMS",
                    "AUTH_TENANT_CLAIMS",
                    "AUTH_VIEWER_ROLE",
                    "DEV_AUTH_ENABLED",
                    "DEV_AUTH_TENANT_HEADER",
                    "DEV_AUTH_USER_ID_HEADER",
                    "JWT_AUTH_ENABLED",
                    "JWT_JWKS_REFRESH_INTERVAL",
                    "JWT_JWKS_URL",
                    "TENANT_HEADER_NAME",
                ],
                &["API_KEY_HASH_SECRET", "API_KEY_HEADER", "AUTH_REQUIRED"],
            ),
            Self::SuperAdmin => {
                (&["AUTH_MODE", "SUPER_ADMIN_API_KEY"], &["ACCESS_TOKEN_EXPIRE_MINUTES"])
            }
            Self::Heimdex => (
                &["AUTH_PROVIDER", "DEV_JWT_SECRET", "HEIMDEX_ENV", "SUPABASE_JWKS_URL"],
                &["AUTH_AUDIENCE", "AUTH_ISSUER"],
            ),
            Self::AiBackend => (&[], &[]),
        }
    }

    /// The system that the variables are of.
    ///
    /// # Errors
    /// Where they are of none, or of several.
    pub(crate) fn detect(variables: &[Variable]) -> anyhow::Result<Self> {
        let has = |names: &[&str]| variables.iter().any(|v| names.contains(&v.name.as_str()));
        let of = |which: &dyn Fn(Self) -> bool| -> Vec<Self> {
            Self::ALL.into_iter().filter(|system| which(*system)).collect()
        };
        let mut found = of(&|system| has(system.marks().0));
        if found.is_empty() {
            found = of(&|system| has(system.marks().1));
        }
        let names = |systems: &[Self]| {
            systems.iter().map(|system| system.name()).collect::<Vec<_>>().join(", ")
        };
        match found.as_slice() {
            [system] => Ok(*system),
            [] => anyhow::bail!(
                "the file has no variable of a system that is known here; name the system with --system: {}",
                names(&Self::ALL)
            ),
            several => anyhow::bail!(
                "the file has variables of several systems: {}; name the one that is meant with --system",
                names(several)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(names: &[&str]) -> Result<&'static str, String> {
        let text: String = names.iter().map(|name| format!("{name}=x\n")).collect();
        let (variables, _) = super::super::env::parse(&text);
        System::detect(&variables).map(System::name).map_err(|error| error.to_string())
    }

    #[test]
    fn a_system_is_told_by_its_variables() {
        for (names, system) in [
            (&["TENANT_API_KEYS", "API_KEY_HASH_SECRET"][..], "agent-control-plane"),
            (&["AUTH_TENANT_CLAIMS"], "recsys"),
            (&["API_KEY_HEADER", "DATABASE_URL"], "recsys"),
            (&["SUPER_ADMIN_API_KEY", "API_KEY_HEADER"], "super-admin"),
            (&["AUTH_PROVIDER", "AUTH_ISSUER"], "heimdex"),
        ] {
            assert_eq!(detected(names), Ok(system), "{names:?}");
        }
    }

    #[test]
    fn every_system_is_named_as_the_argument_takes_it() {
        assert_eq!(System::value_variants(), System::ALL);
        for system in System::ALL {
            assert_eq!(system.to_possible_value().unwrap().get_name(), system.name());
        }
    }

    #[test]
    fn none_and_several_are_told_apart() {
        let none = detected(&["DATABASE_URL"]).expect_err("it is of none");
        assert!(none.contains("--system") && none.contains("ai-backend"), "{none}");
        let several = detected(&["AUTH_MODE", "AUTH_PROVIDER"]).expect_err("it is of two");
        assert!(several.contains("super-admin, heimdex"), "{several}");
    }
}
