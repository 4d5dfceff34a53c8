//! What cannot start says why, in one line that names the place.

use std::path::Path;

use crate::program::{free_address, output};

fn said(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(!output.status.success(), "{arguments:?} must fail");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn config(folder: &Path, text: &str) -> String {
    let path = folder.join("prometheus.yml");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_typo_in_the_configuration_is_shown_with_its_place_and_the_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path(), "global:\n  scrape_intervall: 5s\n");
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let flags = [
        "server",
        "--config.file",
        &path,
        "--storage.tsdb.path",
        &data,
    ];
    let said = said(&flags);
    assert!(said.contains(&format!("{path}:2:3")), "{said}");
    assert!(
        said.contains("scrape_intervall") && said.contains("\"scrape_interval\""),
        "{said}"
    );
}

#[test]
fn a_missing_configuration_is_named() {
    let said = said(&["server", "--config.file", "/nowhere/prometheus.yml"]);
    assert!(said.contains("/nowhere/prometheus.yml"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path(), "");
    let address = free_address();
    let listen = ["--web.listen-address", &address];
    let data = "/proc/narthex-data";
    let flags = [
        "server",
        "--config.file",
        &path,
        "--storage.tsdb.path",
        data,
    ];
    let said = said(&[&flags[..], &listen[..]].concat());
    assert!(said.contains(data), "{said}");
}

#[test]
fn an_unknown_flag_is_refused() {
    let said = said(&["server", "--config.fiel", "x"]);
    assert!(
        said.contains("--config.fiel") && said.contains("--config.file"),
        "{said}"
    );
}
