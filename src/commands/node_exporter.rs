//! `narthex node-exporter`: what `node_exporter` is.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches as _};
use exporters::NodeOptions;
use exporters::node::{self, FlagDescription, FlagKind};

use crate::commands::server::LogFlags;
use crate::commands::web_flags::WebFlags;
use crate::wiring::{self, Exporter};

/// The command with all its flags: those of the collectors come from the exporter's own table.
pub(crate) fn command() -> Command {
    let listen = Arg::new(LISTEN)
        .long(LISTEN)
        .value_name("ADDRESS")
        .action(ArgAction::Append)
        .default_value(":9100")
        .help("Address to listen on");
    let path = Arg::new(PATH)
        .long(PATH)
        .value_name("PATH")
        .default_value("/metrics")
        .help("Path under which to expose metrics");
    let without_own = Arg::new(WITHOUT_OWN)
        .long(WITHOUT_OWN)
        .action(ArgAction::SetTrue)
        .help("Exclude metrics about the exporter itself (process_*, narthex_*)");
    let max_requests = Arg::new(MAX_REQUESTS)
        .long(MAX_REQUESTS)
        .value_name("COUNT")
        .default_value("40")
        .value_parser(clap::value_parser!(usize))
        .help("Maximum number of parallel scrape requests. Use 0 to disable");
    let command = Command::new("node-exporter").args([listen, path]);
    let command = <WebFlags as clap::Args>::augment_args(command)
        .args([without_own, max_requests])
        .args(node::flags().flat_map(arguments));
    // The text comes last: the groups of flags bring some of their own.
    <LogFlags as clap::Args>::augment_args(command)
        .about("Expose metrics of this machine, as `node_exporter` does")
}

const LISTEN: &str = "web.listen-address";
const PATH: &str = "web.telemetry-path";
const WITHOUT_OWN: &str = "web.disable-exporter-metrics";
const MAX_REQUESTS: &str = "web.max-requests";

/// A flag of the collectors as the command line knows it; a switch also has its opposite.
fn arguments(flag: FlagDescription) -> Vec<Arg> {
    let arg = Arg::new(flag.name.clone())
        .long(flag.name.clone())
        .help(flag.help);
    let arg = arg.hide(flag.hidden);
    let (action, value) = match flag.kind {
        FlagKind::Switch => {
            let opposite = format!("no-{}", flag.name);
            let opposite = Arg::new(opposite.clone()).long(opposite).hide(true);
            return vec![
                arg.action(ArgAction::SetTrue),
                opposite.action(ArgAction::SetTrue),
            ];
        }
        FlagKind::List => (ArgAction::Append, "TEXT"),
        FlagKind::Text => (ArgAction::Set, "TEXT"),
        FlagKind::Path => (ArgAction::Set, "PATH"),
        FlagKind::Duration => (ArgAction::Set, "DURATION"),
        FlagKind::Count => (ArgAction::Set, "COUNT"),
    };
    // Defaults stay the exporter's: the command line only shows them.
    let shown = match flag.default.is_empty() {
        true => String::new(),
        false => format!(" [default: {}]", flag.default),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    vec![
        arg.help(format!("{help}{shown}"))
            .action(action)
            .value_name(value),
    ]
}

/// Runs the exporter until it is asked to end.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    LogFlags::from_arg_matches(matches)?.start();
    let mut options = NodeOptions::default();
    for flag in node::flags() {
        apply(&mut options, matches, &flag)?;
    }
    let addresses = matches
        .get_many::<String>(LISTEN)
        .into_iter()
        .flatten()
        .cloned();
    wiring::run_exporter(Exporter {
        options,
        listen_addresses: addresses.collect(),
        web_config_file: WebFlags::from_arg_matches(matches)?.config_file(),
        path: matches.get_one::<String>(PATH).cloned().unwrap_or_default(),
        own_metrics: !matches.get_flag(WITHOUT_OWN),
        max_requests: matches
            .get_one::<usize>(MAX_REQUESTS)
            .copied()
            .unwrap_or_default(),
    })
}

fn apply(
    options: &mut NodeOptions,
    matches: &ArgMatches,
    flag: &FlagDescription,
) -> anyhow::Result<()> {
    if flag.kind == FlagKind::Switch {
        for name in [flag.name.clone(), format!("no-{}", flag.name)] {
            if matches.get_flag(&name) {
                node::apply_flag(options, &name, None)?;
            }
        }
        return Ok(());
    }
    for value in matches.get_many::<String>(&flag.name).into_iter().flatten() {
        node::apply_flag(options, &flag.name, Some(value))?;
    }
    Ok(())
}
