//! Peers from Debian's packages.
//!
//! Installing a server's package normally starts the server. A `policy-rc.d` that answers 101
//! ("forbidden by policy") is in place meanwhile, and the process table is compared before and
//! after as the proof.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::program;

/// Asked by Debian's maintainer scripts before they start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_ASIDE: &str = "/usr/sbin/policy-rc.d.before-peers";
const REFUSE: &str = "#!/bin/sh\nexit 101\n";

/// Installs packages as Debian has them and proves that no service was started.
///
/// # Errors
/// No apt-get, no right to install, a failed install, or a service that it started.
pub(super) fn install(packages: &[&str], programs: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if program::find("apt-get").is_none() {
        bail!("missing: {list}. There is no apt-get here: install them by hand");
    }
    if !is_root()? {
        bail!("missing: {list}. Run `sudo apt-get install {list}`, or this command as root");
    }
    let before = processes()?;
    let policy = Policy::refuse()?;
    let installed = apt(&["install", "--no-install-recommends"], packages).or_else(|_| {
        apt(&["update"], &[])?;
        apt(&["install", "--no-install-recommends"], packages)
    });
    drop(policy);
    installed?;
    prove_nothing_started(&before, programs)
}

/// The version of an installed package.
///
/// # Errors
/// It is not installed.
pub(super) fn version(package: &str) -> Result<String> {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat=${Package} ${Version}", package]);
    program::read(&mut command)
}

fn is_root() -> Result<bool> {
    let uid = program::read(Command::new("id").arg("-u"))?;
    Ok(uid.trim() == "0")
}

fn apt(arguments: &[&str], packages: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-y"]).args(arguments).args(packages);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    program::read(&mut command)?;
    Ok(())
}

/// While it lives, maintainer scripts start nothing; then things are as they were.
struct Policy {
    set_aside: bool,
}

impl Policy {
    fn refuse() -> Result<Self> {
        // One that an interrupted run left aside is the real one.
        let left_aside = Path::new(POLICY_ASIDE).try_exists()?;
        let set_aside = left_aside || Path::new(POLICY).try_exists()?;
        if set_aside && !left_aside {
            fs::rename(POLICY, POLICY_ASIDE).with_context(|| format!("moving {POLICY} aside"))?;
        }
        let policy = Self { set_aside };
        fs::write(POLICY, REFUSE).with_context(|| format!("writing {POLICY}"))?;
        fs::set_permissions(POLICY, Permissions::from_mode(0o755))?;
        Ok(policy)
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        let restored = if self.set_aside {
            fs::rename(POLICY_ASIDE, POLICY)
        } else {
            fs::remove_file(POLICY)
        };
        if let Err(error) = restored {
            eprintln!("xtask: {POLICY} could not be put back: {error}");
        }
    }
}

fn prove_nothing_started(before: &BTreeMap<u32, String>, programs: &[&str]) -> Result<()> {
    let after = processes()?;
    // The kernel keeps 15 bytes of a program's name.
    let is_peer = |name: &str| programs.iter().any(|program| program.starts_with(name));
    let started: Vec<String> = after
        .iter()
        .filter(|(pid, name)| !before.contains_key(pid) && is_peer(name))
        .map(|(pid, name)| format!("{name} ({pid})"))
        .collect();
    if !started.is_empty() {
        bail!("the install started {}: stop it", started.join(", "));
    }
    println!(
        "no service was started: {} processes looked at",
        after.len()
    );
    Ok(())
}

fn processes() -> Result<BTreeMap<u32, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("listing /proc")? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end between the two calls.
        if let Ok(name) = fs::read_to_string(entry.path().join("comm")) {
            found.insert(pid, name.trim().to_owned());
        }
    }
    Ok(found)
}
