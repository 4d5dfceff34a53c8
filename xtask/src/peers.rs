//! `cargo xtask peers`: the programs that tests and benchmarks compare us with.
//!
//! Most come from Debian ([`debian`]); the Prometheus of the version that we follow is built from
//! its Go module ([`module`]) into the target folder, since Debian has an older one.

mod debian;
mod module;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::program;

/// A program we compare ourselves with.
struct Peer {
    name: &'static str,
    program: &'static str,
    origin: Origin,
}

/// Where a peer comes from.
enum Origin {
    /// Debian's packages of these names.
    Debian(&'static [&'static str]),
    /// A command of the Go module `xtask/peers`.
    Module(module::Command),
}

const PEERS: [Peer; 8] = [
    Peer {
        name: "prometheus",
        program: "prometheus",
        origin: Origin::Debian(&["prometheus"]),
    },
    Peer {
        name: "prometheus-3.14",
        program: "prometheus",
        origin: Origin::Module(module::Command {
            package: "github.com/prometheus/prometheus/cmd/prometheus",
            linker_flags: "-s -w -X github.com/prometheus/common/version.Version=3.14.0",
        }),
    },
    Peer {
        name: "victoria-metrics",
        program: "victoria-metrics",
        origin: Origin::Debian(&["victoria-metrics"]),
    },
    Peer {
        name: "prometheus-node-exporter",
        program: "prometheus-node-exporter",
        origin: Origin::Debian(&["prometheus-node-exporter"]),
    },
    Peer {
        name: "prometheus-alertmanager",
        program: "prometheus-alertmanager",
        origin: Origin::Debian(&["prometheus-alertmanager"]),
    },
    Peer {
        name: "prometheus-pushgateway",
        program: "prometheus-pushgateway",
        origin: Origin::Debian(&["prometheus-pushgateway"]),
    },
    Peer {
        name: "prometheus-blackbox-exporter",
        program: "prometheus-blackbox-exporter",
        origin: Origin::Debian(&["prometheus-blackbox-exporter"]),
    },
    Peer {
        name: "chromium",
        program: "chromium",
        // Without a font a screenshot has no letters.
        origin: Origin::Debian(&["chromium", "fonts-dejavu-core"]),
    },
];

/// Brings the named peers (none named: all) that are not there, and prints their versions.
///
/// # Errors
/// An unknown name, a failed install or build, or a service that an install started.
pub(crate) fn install(root: &Path, names: &[String]) -> Result<()> {
    let wanted = choose(names)?;
    let mut missing: Vec<&str> = Vec::new();
    for peer in &wanted {
        match peer.origin {
            Origin::Debian(packages) if program::find(peer.program).is_none() => {
                missing.extend(packages);
            }
            Origin::Debian(_) => {}
            Origin::Module(command) => command.build(root, &peer.path(root))?,
        }
    }
    if !missing.is_empty() {
        debian::install(&missing, &PEERS.map(|peer| peer.program))?;
    }
    for peer in wanted {
        println!("{}: {}", peer.name, peer.version(root)?);
    }
    Ok(())
}

impl Peer {
    fn path(&self, root: &Path) -> PathBuf {
        match self.origin {
            Origin::Debian(_) => PathBuf::from(self.program),
            Origin::Module(_) => target_folder(root).join("peers").join(self.program),
        }
    }

    fn version(&self, root: &Path) -> Result<String> {
        let path = self.path(root);
        if matches!(self.origin, Origin::Module(_)) && !path.is_file() {
            return Ok("not there".to_owned());
        }
        let output = Command::new(&path).arg("--version").output();
        let output = output.with_context(|| format!("starting `{}`", path.display()))?;
        // node_exporter has said its version on standard error for years.
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        match (version_line(&said), &self.origin) {
            (Some(line), _) => Ok(line.to_owned()),
            // Debian's VictoriaMetrics does not know its own version.
            (None, Origin::Debian([package, ..])) => debian::version(package),
            (None, _) => Ok("version unknown".to_owned()),
        }
    }
}

fn version_line(said: &str) -> Option<&str> {
    let says_version =
        |line: &&str| line.to_lowercase().contains(" version ") || line.starts_with("Chromium ");
    said.lines().find(says_version)
}

fn target_folder(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

fn choose(names: &[String]) -> Result<Vec<&'static Peer>> {
    if names.is_empty() {
        return Ok(PEERS.iter().collect());
    }
    let known = || PEERS.map(|peer| peer.name).join(", ");
    let find = |name: &String| {
        let found = PEERS.iter().find(|peer| peer.name == name);
        found.with_context(|| format!("no peer `{name}`; there are {}", known()))
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::{choose, version_line};

    #[test]
    fn peers_are_chosen_by_name() {
        let names = |names: &[&str]| {
            let owned: Vec<String> = names.iter().map(ToString::to_string).collect();
            let chosen = choose(&owned).map_err(|error| error.to_string())?;
            Ok::<_, String>(chosen.iter().map(|peer| peer.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), 8);
        assert_eq!(names(&["chromium"]).unwrap(), ["chromium"]);
        let message = names(&["grafana"]).unwrap_err();
        assert!(
            message.contains("no peer `grafana`; there are prometheus,"),
            "{message}"
        );
    }

    #[test]
    fn a_version_is_found_in_what_a_program_says() {
        let cases = [
            ("prometheus, version 2.42.0 (branch: x)\n", true),
            ("Chromium 130.0 built on Debian\n", true),
            ("flag provided but not defined\n", false),
        ];
        for (said, found) in cases {
            assert_eq!(version_line(said).is_some(), found, "{said}");
        }
    }
}
