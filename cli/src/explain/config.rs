//! The guard that explains: of a document of its own, or of a proxy's
//! configuration.

use std::path::Path;

use crate::environment::Variables;
use crate::guards::{self, FoundGuard};
use crate::mistake::Mistake;
use crate::source::Position;

/// A guard that was loaded.
pub(super) struct Loaded {
    pub(super) guard: tenant_guard::Guard,
    /// The environment that it was loaded in.
    pub(super) variables: Variables,
    /// What its operator is told.
    pub(super) warnings: Vec<String>,
}

/// Loads the guard of the text of a file; where there are several, the one of that name.
///
/// # Errors
/// All mistakes of its document, or why there is none to load.
pub(super) fn load(
    (file, text): (&Path, &str),
    name: Option<&str>,
    env: &Variables,
) -> Result<Loaded, Vec<Mistake>> {
    let found = guards::in_text(file, text, env).map_err(|mistake| vec![mistake])?;
    let found = pick(file, name, found).map_err(|mistake| vec![mistake])?;
    let loaded = found.document.load(&found.variables)?;
    // What depends on them would be decided otherwise than in the proxy.
    let unset: Vec<Mistake> = found
        .variables
        .assumed()
        .iter()
        .map(|name| {
            let problem = format!("{name} is not set here: set it as it is for the proxy, or give --env {name}=VALUE; any value will do if the request doesn't need it");
            Mistake::whole(file, found.at, problem)
        })
        .collect();
    if !unset.is_empty() {
        return Err(unset);
    }
    let warnings = loaded.warnings.iter().map(ToString::to_string).collect();
    Ok(Loaded { guard: loaded.guard, variables: found.variables, warnings })
}

fn pick(file: &Path, name: Option<&str>, found: Vec<FoundGuard>) -> Result<FoundGuard, Mistake> {
    let told = |problem: String| Mistake::whole(file, Position::START, &problem);
    let names: Vec<String> = found
        .iter()
        .map(|guard| {
            format!("{} (line {})", guard.name.as_deref().unwrap_or("document"), guard.at.line)
        })
        .collect();
    let names = names.join(", ");
    let is_asked = |guard: &FoundGuard| match name {
        Some(name) => guard.name.as_deref() == Some(name) || guard.at.line.to_string() == name,
        None => true,
    };
    let mut asked = found.into_iter().filter(is_asked);
    match (asked.next(), asked.next()) {
        (Some(guard), None) => Ok(guard),
        (Some(_), Some(_)) => Err(told(format!(
            "holds several guards: {names}; pick one by --guard NAME or --guard LINE"
        ))),
        (None, _) if names.is_empty() => Err(told(
            "holds no guard: give a document of the guard, or a configuration with one".into(),
        )),
        (None, _) => Err(told(format!("holds no guard of that name or line; there are: {names}"))),
    }
}
