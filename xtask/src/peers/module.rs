//! Peers built from the Go module `xtask/peers`, whose `go.mod` names the versions.

use std::path::Path;
use std::process;

use anyhow::{Context as _, Result};

use crate::program;

/// A command that some package of the module's requirements holds.
#[derive(Clone, Copy)]
pub(super) struct Command {
    pub(super) package: &'static str,
    /// A build from the module does not know its version unless it is told.
    pub(super) linker_flags: &'static str,
}

impl Command {
    /// Builds it into `output`, unless what is there is as new as the module's versions.
    /// Without Go it says so and builds nothing.
    ///
    /// # Errors
    /// The build fails: most often the module proxy is out of reach.
    pub(super) fn build(&self, root: &Path, output: &Path) -> Result<()> {
        let module = root.join("xtask/peers");
        if is_fresh(output, &module.join("go.sum")) {
            return Ok(());
        }
        let package = self.package;
        if program::find("go").is_none() {
            println!("{package} is not built: Go is not installed");
            return Ok(());
        }
        let mut command = process::Command::new("go");
        // Service discovery is most of the binary and no part of any comparison.
        command
            .arg("build")
            .args(["-C".as_ref(), module.as_os_str()])
            .args(["-tags", "remove_all_sd", "-ldflags", self.linker_flags])
            .args(["-o".as_ref(), output.as_os_str(), package.as_ref()]);
        program::run(&mut command).with_context(|| format!("building {package}"))
    }
}

fn is_fresh(output: &Path, versions: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    matches!(
        (modified(output), modified(versions)),
        (Some(built), Some(named)) if built >= named
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::is_fresh;

    #[test]
    fn what_is_missing_is_not_fresh() {
        let (this, missing) = (Path::new(file!()), Path::new("no/such/program"));
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(is_fresh(&here, &here));
        assert!(!is_fresh(missing, &here));
        assert!(!is_fresh(this, missing));
    }
}
