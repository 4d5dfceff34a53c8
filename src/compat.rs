//! Upstream's habits of the command line, mapped on ours.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command};

/// Rewrites what upstream's programs accept beside plain flags: every boolean `--x` also as
/// `--no-x`, unless that is a flag of its own. The last of several wins.
pub(crate) fn normalise(tree: &Command, arguments: Vec<OsString>) -> Vec<OsString> {
    let booleans: BTreeSet<String> = tree.get_subcommands().flat_map(boolean_flags).collect();
    let mut kept: Vec<OsString> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let negated = argument
            .to_str()
            .and_then(|text| text.strip_prefix("--no-"))
            .filter(|name| booleans.contains(*name));
        match negated {
            Some(name) => {
                let positive = OsString::from(format!("--{name}"));
                kept.retain(|earlier| *earlier != positive);
            }
            None if kept.contains(&argument) && is_boolean(&booleans, &argument) => {}
            None => kept.push(argument),
        }
    }
    kept
}

fn is_boolean(booleans: &BTreeSet<String>, argument: &OsString) -> bool {
    argument
        .to_str()
        .and_then(|text| text.strip_prefix("--"))
        .is_some_and(|name| booleans.contains(name))
}

fn boolean_flags(command: &Command) -> impl Iterator<Item = String> + '_ {
    let has = |name: &str| {
        command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(name))
    };
    command
        .get_arguments()
        .filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue))
        .filter_map(|arg| arg.get_long())
        .filter(move |name| !has(&format!("no-{name}")))
        .map(str::to_owned)
}

/// Every flag of `command` with its value in force, as `/api/v1/status/flags` shows them.
pub(crate) fn values(command: &Command, matches: &ArgMatches) -> Vec<(String, String)> {
    command
        .get_arguments()
        .filter_map(|arg| Some((arg.get_long()?.to_owned(), value(arg, matches))))
        .filter(|(name, _)| name != "help")
        .collect()
}

fn value(arg: &Arg, matches: &ArgMatches) -> String {
    let raw = matches.get_raw(arg.get_id().as_str());
    let texts: Vec<_> = raw
        .into_iter()
        .flatten()
        .map(|v| v.to_string_lossy())
        .collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Command {
        let boolean = Arg::new("x")
            .long("web.enable-lifecycle")
            .action(ArgAction::SetTrue);
        let text = Arg::new("y").long("log.level").default_value("info");
        Command::new("narthex").subcommand(Command::new("server").arg(boolean).arg(text))
    }

    #[test]
    fn booleans_have_a_negative_form() {
        let cases = [
            (
                "server --web.enable-lifecycle",
                "server --web.enable-lifecycle",
            ),
            ("server --no-web.enable-lifecycle", "server"),
            (
                "server --web.enable-lifecycle --no-web.enable-lifecycle",
                "server",
            ),
            (
                "server --web.enable-lifecycle --web.enable-lifecycle",
                "server --web.enable-lifecycle",
            ),
            ("server --no-log.level", "server --no-log.level"),
        ];
        for (given, want) in cases {
            let arguments = given.split(' ').map(OsString::from).collect();
            let got = normalise(&tree(), arguments);
            assert_eq!(
                got,
                want.split(' ').map(OsString::from).collect::<Vec<_>>(),
                "{given}"
            );
        }
    }

    #[test]
    fn every_flag_has_a_value() {
        let matches = tree().get_matches_from(["narthex", "server", "--web.enable-lifecycle"]);
        let (_, server) = matches.subcommand().unwrap();
        let command = tree();
        let command = command.find_subcommand("server").unwrap();
        let want = [("web.enable-lifecycle", "true"), ("log.level", "info")];
        let want = want.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(values(command, server), want);
    }
}
