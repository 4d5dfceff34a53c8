//! Embeds `ui/dist` when it has been built, else nothing: then [`assets`] serves a page that says
//! how to build it. Never runs npm and never uses the network.
#![allow(
    clippy::disallowed_methods,
    reason = "a build script reads the source tree directly"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let dist = manifest.join("../../ui/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    list(&dist, &dist, &mut files);
    files.sort();
    let mut table = String::from("pub(crate) static FILES: &[File] = &[\n");
    for path in files
        .iter()
        .filter(|path| !path.ends_with(".br") && !path.ends_with(".gz"))
    {
        let variant = |suffix: &str| {
            let name = format!("{path}{suffix}");
            match files.contains(&name) {
                true => format!("Some(include_bytes!({:?}))", dist.join(&name)),
                false => "None".to_owned(),
            }
        };
        writeln!(
            table,
            "    File {{ path: {path:?}, raw: include_bytes!({:?}), brotli: {}, gzip: {} }},",
            dist.join(path),
            variant(".br"),
            variant(".gz"),
        )
        .expect("writing to a string cannot fail");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("assets_table.rs"), table).expect("the output folder is writable");
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            list(root, &path, files);
        } else if let Ok(relative) = path.strip_prefix(root) {
            files.push(relative.to_string_lossy().into_owned());
        }
    }
}
