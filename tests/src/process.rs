//! A child Envoy in a folder of its own, gone with its owner.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fresh folder under the system's temporary one; short, since it holds a Unix socket.
pub(crate) fn fresh_dir() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("tg-{}-{number}", std::process::id()));
        match fs::create_dir(&dir) {
            Ok(()) => return dir,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            Err(error) => panic!("cannot create {}: {error}", dir.display()),
        }
    }
}

/// Where the Envoy binary is.
pub(crate) fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("ENVOY") {
        let given = PathBuf::from(given);
        assert!(given.is_file(), "ENVOY={}: there is no such file", given.display());
        return given;
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/envoy/bin/envoy");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(installed)
        .chain(std::env::split_paths(&path).map(|dir| dir.join("envoy")))
        .find(|candidate| candidate.is_file())
        .expect(
            "no Envoy: set ENVOY to its binary, or let `make` install it to .tools/envoy/bin/envoy",
        )
}

/// A running Envoy. Killed when dropped, and by a watchdog when this process
/// ends in any other way (statics are never dropped).
#[derive(Debug)]
pub(crate) struct Process {
    envoy: Child,
    watchdog: Child,
}

impl Process {
    /// Starts Envoy with `config.json` of the folder; everything it writes goes there too.
    pub(crate) fn start(dir: &Path, options: &[String], variables: &[(String, String)]) -> Process {
        let log = fs::File::create(dir.join("envoy.log")).unwrap();
        let envoy = Command::new(binary())
            .arg("-c")
            .arg(dir.join("config.json"))
            .args(["--disable-hot-restart", "--file-flush-interval-msec", "50"])
            .args(options)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .arg("--admin-address-path")
            .arg(dir.join("admin"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("Envoy starts");
        // The watchdog waits for the end of its input, whose other end only this process has.
        let watchdog = Command::new("sh")
            .arg("-c")
            .arg(r#"read keep; kill -9 "$1" 2>/dev/null; if [ -z "$keep" ]; then rm -rf "$2"; fi"#)
            .args(["watchdog", &envoy.id().to_string()])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        Process { envoy, watchdog }
    }

    /// Envoy's process id.
    pub(crate) fn id(&self) -> u32 {
        self.envoy.id()
    }

    /// How Envoy ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.envoy.try_wait().unwrap().map(|status| status.to_string())
    }

    /// Ends it and removes its folder, or leaves the folder to be looked at.
    pub(crate) fn stop(&mut self, keep: bool) {
        let _ = self.envoy.kill();
        // Not waited for yet, so that the id the watchdog kills is still Envoy's.
        if let Some(mut input) = self.watchdog.stdin.take() {
            let _ = input.write_all(if keep { b"keep\n" } else { b"\n" });
        }
        let _ = self.watchdog.wait();
        let _ = self.envoy.wait();
    }
}
