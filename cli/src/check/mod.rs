//! `check`: the mistakes of a configuration, before a proxy meets them.

mod facts;
mod finding;
mod report;
mod scene;
#[cfg(test)]
mod tests;
mod weak;

use std::io::Read;
use std::path::PathBuf;

use clap::Args;

use crate::Exit;
use crate::console::Console;
use crate::environment::{EnvArgs, Variables};
use crate::guards::{ConfigFile, Contents, Filter};
use crate::mistake::Mistake;
use crate::source::Position;

pub use finding::{Code, Finding, Findings, Severity};
use scene::Scene;

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tenant-guard check tenant-guard.yaml
  tenant-guard check --env API_KEY_PEPPER=anything tenant-guard.yaml
  tenant-guard check --deny-warnings envoy.yaml
  tenant-guard check --format json wasmplugin.yaml deployment.yaml

Files that belong together are best given together: a guard, its clusters, its
backstop and its Deployment may each be in a file of its own.

Exit codes: 0 no errors, 1 a file can't be read, 3 errors (with --deny-warnings also warnings).")]
pub struct CheckArgs {
    /// Documents of the guard, or configurations that hold guards: of Envoy (a
    /// bootstrap, a listener, a filter), Istio or Envoy Gateway. YAML or JSON.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Fail on warnings, too.
    #[arg(long)]
    pub deny_warnings: bool,
    /// What `{env: NAME}` reads.
    #[command(flatten)]
    pub env: EnvArgs,
    /// How many proxies run side by side.
    #[arg(long, value_name = "N")]
    pub replicas: Option<u32>,
}

/// What a file without a guard is told.
const NO_GUARD: &str = "holds no guard; looked for a Wasm filter whose code, filter or plugin is named tenant-guard or tenant_guard, one whose configuration is a document of the guard (`version` and a section such as `jwt` or `tenants`), an Istio WasmPlugin or EnvoyFilter, and an Envoy Gateway EnvoyExtensionPolicy";

/// What a file is told whose guard is where requests don't pass it first.
const NOT_IN_CHAINS: &str = "has the guard in none of the `http_filters` of its connection managers, so requests come in without it; put it there, with its backstop right after it (filters of a cluster or a network run too late, or see no requests)";

/// Checks files.
///
/// # Errors
/// Where an `--env` is none, or the result can't be written.
pub fn run(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let host = args.env.variables()?;
    let (findings, guards) = check(&args.files, console.input, &host, args.replicas);
    report::write(&findings, &args.files, guards, console)?;
    Ok(exit(&findings, args.deny_warnings))
}

/// What is wrong with files, and how many guards there are in them.
/// `input` is standard input, which is read for the file `-`.
pub fn check(
    paths: &[PathBuf],
    input: &mut dyn Read,
    host: &Variables,
    replicas: Option<u32>,
) -> (Vec<Finding>, usize) {
    let mut findings = Findings::new(paths);
    let files = scene::read(paths, input, &mut findings);
    let count = examine(&files, host, replicas, &mut findings);
    (findings.into_sorted(), count)
}

/// Looks at files that were read; the number of their guards.
fn examine(
    files: &[ConfigFile],
    host: &Variables,
    replicas: Option<u32>,
    findings: &mut Findings,
) -> usize {
    let contents: Vec<_> = files.iter().map(|file| (file, file.contents())).collect();
    let mut scene = Scene::of(&contents, host, findings);
    scene.replicas = replicas;
    for config in &scene.configs {
        let is_in_place =
            is_guarded(config.contents) || scene.count > 0 && is_support(config.contents);
        if !is_in_place {
            let elsewhere = !config.contents.guards().is_empty();
            let problem = if elsewhere { NOT_IN_CHAINS } else { NO_GUARD };
            let mistake = Mistake::whole(&config.file.path, Position::START, problem);
            findings.add(Code::NoGuard, mistake);
        }
    }
    weak::look(&scene, findings);
    scene.count
}

/// Whether requests meet a guard. Where chains of filters are there, one of
/// them must have it.
fn is_guarded(contents: &Contents<'_>) -> bool {
    let guards = contents.guards();
    let is_awaited = |filter: &Filter<'_>| {
        let names = guards.iter().filter_map(|guard| guard.filter?.name);
        filter.body.is_none() && names.into_iter().any(|name| Some(name) == filter.name)
    };
    let mut chains = contents.chains.iter();
    chains.any(|chain| chain.is_guarded() || chain.filters.iter().any(is_awaited))
        || guards.iter().any(|guard| guard.filter.is_none() || contents.chains.is_empty())
}

/// Whether a file without a guard may stand beside one that has it: what it
/// holds takes no requests itself.
fn is_support(contents: &Contents<'_>) -> bool {
    contents.chains.is_empty() && contents.resources.is_empty() && contents.bootstraps.is_empty()
}

fn exit(findings: &[Finding], deny_warnings: bool) -> Exit {
    let any = |is: &dyn Fn(&Finding) -> bool| findings.iter().any(is);
    if any(&|finding| finding.code == Code::Unreadable) {
        return Exit::Failure;
    }
    let fails = |severity| match severity {
        Severity::Error => true,
        Severity::Warning => deny_warnings,
        Severity::Note => false,
    };
    if any(&|finding| fails(finding.code.severity())) { Exit::Invalid } else { Exit::Ok }
}
