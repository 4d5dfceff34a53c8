//! `narthex server`: what `prometheus` is.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use tsdb::Durability;
use web::services::Home;

use super::features;
use super::rule_flags::RuleFlags;
use super::web_flags::WebFlags;
use crate::wiring::{ConfigSource, Node, SeriesFlags, Settings};

/// Flags of `narthex server`. Names and defaults are Prometheus'.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Configuration file
    #[arg(
        long = "config.file",
        default_value = "prometheus.yml",
        value_name = "FILE"
    )]
    config_file: PathBuf,
    /// Take the configuration anew whenever it, a rule file or a file of jobs has changed
    #[arg(long = "config.auto-reload")]
    auto_reload: bool,
    /// How often to look for changes, at least every second
    #[arg(
        long = "config.auto-reload-interval",
        default_value = "30s",
        value_name = "DURATION",
        value_parser = duration
    )]
    auto_reload_interval: Duration,
    /// Address to listen on for the API, the page and telemetry
    #[arg(
        long = "web.listen-address",
        default_value = "0.0.0.0:9090",
        value_name = "ADDRESS"
    )]
    listen_addresses: Vec<String>,
    #[command(flatten)]
    web: WebFlags,
    /// Allow reload and shutdown by HTTP request
    #[arg(long = "web.enable-lifecycle")]
    enable_lifecycle: bool,
    /// Take samples by remote write at /api/v1/write
    #[arg(long = "web.enable-remote-write-receiver")]
    enable_remote_write_receiver: bool,
    /// Message of remote write that is taken: prometheus.WriteRequest or
    /// io.prometheus.write.v2.Request; both if not given, may be repeated
    #[arg(
        long = "web.remote-write-receiver.accepted-protobuf-messages",
        default_values = ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"],
        value_name = "MESSAGE",
        value_parser = remote::Message::parse
    )]
    received_messages: Vec<remote::Message>,
    /// Allow to delete series and to make snapshots by HTTP request
    #[arg(long = "web.enable-admin-api")]
    enable_admin_api: bool,
    /// Series that one scrape may begin, 0 for any number; if not given, a tenth of
    /// --storage.tsdb.max-series, at most 100,000. Series that are there already do not count (not a
    /// flag of Prometheus)
    #[arg(long = "scrape.max-new-series", value_name = "NUMBER")]
    max_new_series: Option<usize>,
    #[command(flatten)]
    storage: StorageFlags,
    #[command(flatten)]
    query: QueryFlags,
    #[command(flatten)]
    rules: RuleFlags,
    #[command(flatten)]
    log: LogFlags,
    /// Feature names to enable, separated by commas; unknown ones are warned of
    #[arg(long = "enable-feature", value_delimiter = ',', value_name = "NAME")]
    features: Vec<String>,
    #[command(flatten)]
    accepted: AcceptedFlags,
}

/// Flags of the store.
#[derive(Debug, Args)]
struct StorageFlags {
    /// Folder that samples are kept in
    #[arg(
        long = "storage.tsdb.path",
        default_value = "data/",
        value_name = "DIR"
    )]
    path: PathBuf,
    /// How long to keep samples; 15d if neither time nor size is given
    #[arg(long = "storage.tsdb.retention.time", value_name = "DURATION", value_parser = duration)]
    retention_time: Option<Duration>,
    /// Bytes that blocks may take, such as 512MB; 0 for no limit
    #[arg(long = "storage.tsdb.retention.size", value_name = "BYTES", value_parser = bytes)]
    retention_size: Option<u64>,
    /// When samples are safe from a power failure: always (each commit waits for the disk), interval
    /// (what is acknowledged waits, the rest is synced every second), os (as Prometheus; not a flag
    /// of Prometheus)
    #[arg(long = "storage.durability", default_value = "interval", value_name = "MODE", value_parser = durability)]
    durability: Durability,
    /// Series in memory at once, 0 for any number; if not given, one for each 2 KiB of memory that the
    /// process may use. Existing series go on when it is reached (not a flag of Prometheus)
    #[arg(long = "storage.tsdb.max-series", value_name = "NUMBER")]
    max_series: Option<usize>,
    /// Do not lock the data folder
    #[arg(long = "storage.tsdb.no-lockfile")]
    no_lockfile: bool,
    #[arg(
        long = "storage.tsdb.min-block-duration",
        hide = true,
        default_value = "2h",
        value_parser = duration
    )]
    min_block_duration: Duration,
    /// Longest span of merged blocks; if not given, a tenth of the retention time, at most 31 days
    #[arg(
        long = "storage.tsdb.max-block-duration",
        hide = true,
        value_name = "DURATION",
        value_parser = duration
    )]
    max_block_duration: Option<Duration>,
    /// JSON file that lists the blocks which were uploaded, such as thanos.shipper.json: blocks are
    /// merged only when they stand in it
    #[arg(long = "storage.tsdb.delay-compact-file.path", value_name = "FILE")]
    delay_compact_file: Option<PathBuf>,
    /// With the feature delayed-compaction: how much later than it is due a block may be cut, in
    /// percent of its span
    #[arg(
        long = "storage.tsdb.delayed-compaction.max-percent",
        hide = true,
        default_value_t = MAX_DELAY_PERCENT,
        value_name = "PERCENT"
    )]
    delayed_compaction_max_percent: i64,
    #[arg(
        long = "storage.tsdb.maintenance-interval",
        hide = true,
        default_value = "1m",
        value_parser = duration
    )]
    maintenance_interval: Duration,
    /// How records of the write-ahead log are compressed: snappy or zstd
    #[arg(long = "storage.tsdb.wal-compression-type", default_value = "snappy", value_name = "TYPE", value_parser = compression)]
    wal_compression_type: tsdb::Compression,
    /// Whether they are compressed
    #[arg(
        long = "storage.tsdb.wal-compression",
        hide = true,
        overrides_with = "no_wal_compression"
    )]
    wal_compression: bool,
    /// Records of the write-ahead log are not compressed
    #[arg(long = "no-storage.tsdb.wal-compression", hide = true)]
    no_wal_compression: bool,
    /// Write no snapshot of the head at the end, and go by none at the start: the whole log is read (not
    /// a flag of Prometheus, which has a feature to switch it on)
    #[arg(long = "no-storage.tsdb.memory-snapshot-on-shutdown")]
    no_memory_snapshot: bool,
    #[arg(
        long = "storage.tsdb.wal-segment-size",
        hide = true,
        default_value = "128MiB",
        value_parser = bytes
    )]
    wal_segment_size: u64,
}

/// Flags of query evaluation.
#[derive(Debug, Args)]
struct QueryFlags {
    /// How far an instant selector looks back for a sample
    #[arg(long = "query.lookback-delta", default_value = "5m", value_parser = duration)]
    lookback_delta: Duration,
    /// Longest evaluation of a query
    #[arg(long = "query.timeout", default_value = "2m", value_parser = duration)]
    timeout: Duration,
    /// Queries evaluated at once
    #[arg(long = "query.max-concurrency", default_value_t = 20)]
    max_concurrency: usize,
    /// Samples that a query may hold in memory at once
    #[arg(long = "query.max-samples", default_value_t = 50_000_000)]
    max_samples: usize,
    /// Bytes of memory that a query may hold at once, such as 512MB; if not given, an eighth of what
    /// the process may use (not a flag of Prometheus)
    #[arg(long = "query.max-memory", value_name = "BYTES", value_parser = bytes)]
    max_memory: Option<u64>,
    /// Bytes of memory that all queries together may hold at once; if not given, a quarter of what
    /// the process may use (not a flag of Prometheus)
    #[arg(long = "query.max-memory-together", value_name = "BYTES", value_parser = bytes)]
    max_memory_together: Option<u64>,
}

/// Flags of the log, the same for every command.
#[derive(Debug, Args)]
pub(crate) struct LogFlags {
    /// Write lines from this level on
    #[arg(long = "log.level", default_value = "info", value_parser = ["debug", "info", "warn", "error"])]
    level: String,
    /// Form of log lines
    #[arg(long = "log.format", default_value = "logfmt", value_parser = ["logfmt", "json"])]
    format: String,
}

impl LogFlags {
    /// Begins to write log lines.
    pub(crate) fn start(&self) {
        let level = host::log::Level::parse(&self.level).unwrap_or_default();
        host::log::start(
            level,
            host::log::Format::parse(&self.format).unwrap_or_default(),
        );
    }
}

/// Upstream's flags that have nothing to set here: accepted, so that command lines keep working.
#[derive(Debug, Args)]
struct AcceptedFlags {
    #[arg(long = "auto-gomaxprocs", hide = true)]
    auto_gomaxprocs: bool,
    #[arg(long = "auto-gomemlimit", hide = true)]
    auto_gomemlimit: bool,
    #[arg(long = "auto-gomemlimit.ratio", hide = true)]
    auto_gomemlimit_ratio: Option<f64>,
    #[arg(long = "web.console.templates", hide = true)]
    console_templates: Option<PathBuf>,
    #[arg(long = "web.console.libraries", hide = true)]
    console_libraries: Option<PathBuf>,
}

/// Runs the server until it is asked to end.
pub(crate) fn run(flags: &Flags, values: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    flags.log.start();
    let mut engine = flags.query.options();
    let switches = features::switch_on(&flags.features, &mut engine);
    if flags.query.max_concurrency == 0 {
        bail!("--query.max-concurrency: must be at least 1");
    }
    crate::wiring::run(Settings {
        config: ConfigSource::File(flags.config_file.clone()),
        auto_reload_interval: (flags.auto_reload || switches.reloads_by_itself)
            .then(|| flags.auto_reload_interval.max(SHORTEST_RELOAD_INTERVAL)),
        listen_addresses: flags.listen_addresses.clone(),
        web_config_file: flags.web.config_file(),
        enable_lifecycle: flags.enable_lifecycle,
        keeps_exemplars: switches.keeps_exemplars,
        logs_metadata: switches.logs_metadata,
        scraping: switches.scraping,
        received_messages: match flags.enable_remote_write_receiver {
            true => flags.received_messages.clone(),
            false => Vec::new(),
        },
        enable_admin_api: flags.enable_admin_api,
        storage: flags.storage.options(switches.delays_compaction)?,
        series: SeriesFlags {
            in_head: flags.storage.max_series,
            at_once: flags.max_new_series,
        },
        maintenance_interval: flags.storage.maintenance_interval,
        engine,
        rules: flags.rules.settings(switches.evaluates_rules_at_once),
        max_concurrency: flags.query.max_concurrency,
        flags: values,
        home: Home::Query,
        node: Node::Absent,
        private_socket: None,
        greeting: None,
    })
}

impl StorageFlags {
    fn options(&self, delays_compaction: bool) -> anyhow::Result<tsdb::Options> {
        if self.maintenance_interval.is_zero() {
            bail!("--storage.tsdb.maintenance-interval: must be more than 0");
        }
        if self.min_block_duration.as_millis() < 1 {
            bail!("--storage.tsdb.min-block-duration: must be at least 1ms");
        }
        let mut options = tsdb::Options::new(self.path.clone());
        options.retention.time = match (self.retention_time, self.retention_size) {
            (None, None) => options.retention.time,
            (time, _) => milliseconds(time.unwrap_or_default()),
        };
        options.retention.size = self.retention_size.unwrap_or_default();
        options.durability = self.durability;
        options.no_lockfile = self.no_lockfile;
        options.block_range = milliseconds(self.min_block_duration);
        let longest = self
            .max_block_duration
            .map(milliseconds)
            .unwrap_or_default();
        if longest > 0 {
            options.max_block_range = longest.max(options.block_range);
        }
        options
            .delay_compact_file
            .clone_from(&self.delay_compact_file);
        if delays_compaction {
            options.compaction_delay_percent = self.delay_percent();
        }
        options.memory_snapshot = !self.no_memory_snapshot;
        options.wal.segment_bytes = self.wal_segment_size;
        options.wal.compression = match self.no_wal_compression && !self.wal_compression {
            true => tsdb::Compression::None,
            false => self.wal_compression_type,
        };
        Ok(options)
    }
}

impl StorageFlags {
    fn delay_percent(&self) -> u8 {
        let percent = u8::try_from(self.delayed_compaction_max_percent).ok();
        percent.filter(|percent| (1..=100).contains(percent)).unwrap_or_else(|| {
            tracing::warn!(
                default = MAX_DELAY_PERCENT,
                "the --storage.tsdb.delayed-compaction.max-percent should have a value between 1 and 100, using default"
            );
            MAX_DELAY_PERCENT as u8
        })
    }
}

impl QueryFlags {
    fn options(&self) -> promql::EngineOptions {
        promql::EngineOptions {
            lookback_delta: self.lookback_delta,
            timeout: self.timeout,
            max_samples: self.max_samples,
            max_memory: self.max_memory.unwrap_or_default(),
            max_memory_together: self.max_memory_together.unwrap_or_default(),
            ..promql::EngineOptions::default()
        }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn duration(text: &str) -> Result<Duration, String> {
    model::duration::parse(text).map_err(|error| format!("{error} (such as 15d or 2h30m)"))
}

fn durability(text: &str) -> Result<Durability, String> {
    match text {
        "always" => Ok(Durability::Always),
        "interval" => Ok(Durability::Interval),
        "os" => Ok(Durability::Os),
        _ => Err("one of always, interval, os".to_owned()),
    }
}

fn compression(text: &str) -> Result<tsdb::Compression, String> {
    match text {
        "snappy" => Ok(tsdb::Compression::Snappy),
        "zstd" => Ok(tsdb::Compression::Zstd),
        _ => Err("one of snappy, zstd".to_owned()),
    }
}

/// Reads a size as upstream's flags do: units count in powers of 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit {
        "" | "B" => 1,
        "KB" | "KiB" => 1 << 10,
        "MB" | "MiB" => 1 << 20,
        "GB" | "GiB" => 1 << 30,
        "TB" | "TiB" => 1 << 40,
        "PB" | "PiB" => 1 << 50,
        "EB" | "EiB" => 1 << 60,
        _ => {
            return Err(format!(
                "unknown unit {unit:?} (B, KB, MB, GB, TB, PB or EB)"
            ));
        }
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "no whole number before the unit".to_owned())?;
    number
        .checked_mul(scale)
        .ok_or_else(|| "too large".to_owned())
}

/// Upstream's figure.
const SHORTEST_RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// Upstream's figure.
const MAX_DELAY_PERCENT: i64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_count_in_powers_of_1024() {
        assert_eq!(bytes("512MB"), Ok(512 << 20));
        assert_eq!(bytes("1GiB"), Ok(1 << 30));
        assert_eq!(bytes("0"), Ok(0));
        assert!(bytes("12 parsecs").is_err());
        assert!(bytes("99999999EB").is_err());
    }
}
