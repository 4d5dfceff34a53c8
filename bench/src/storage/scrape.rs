//! Scraping: the burst of new series, the steady state, queries beside it, and the next start.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::figures::{KIBIBYTE, MEBIBYTE, median};
use crate::fleet;
use crate::http::connection::{Connection, push_parameter};
use crate::scraping::{Contender, GeneratorReadings, Load, LoadGenerator, Reading, Readings, wait};
use crate::server::Kind;
use crate::storage::Options;
use crate::storage::table::{Bar, Table};

/// Series of one target.
const SERIES_OF_A_TARGET: usize = 1_000;

/// What is asked beside scraping; what it costs is another benchmark's business.
const QUERIES: [&str; 3] = [
    "sum by (namespace) (rate({__name__=~\"(http_requests|cache_lookups).+_total\"}[2m]))",
    "topk(10, sum by (pod) (rate({__name__=~\"(rpc_messages|worker_jobs).+_total\"}[2m])))",
    "histogram_quantile(0.99, sum by (le, namespace) \
     (rate({__name__=~\".+_duration_seconds_bucket\"}[2m])))",
];

/// Every series, at one time only: over a range it would outlast the run.
const COUNT: &str = "count({__name__=~\".+\"})";

/// Seconds after which all series of a server that keeps up at all are there.
const LONGEST_BURST: u64 = 180;

/// Who stores less of what the schedule promises does less work than the others.
const LEAST_STORED: f64 = 0.97;

/// One server's readings.
struct Measured {
    contender: Contender,
    /// Before it had anything, and after the burst.
    burst: [Reading; 2],
    steady: Readings,
    /// Most bytes of memory when the queries had been asked.
    peak_with_queries: f64,
    /// After a kill.
    restart: Restart,
    /// After an end that it was asked for.
    orderly: Restart,
}

/// What the end of a server and the start after it took.
#[derive(Clone, Copy, Default)]
struct Restart {
    /// From the request to the end; nothing if it was killed.
    end_seconds: f64,
    /// From the start until it is ready.
    seconds: f64,
    cpu_seconds: f64,
    resident_bytes: f64,
    peak_resident_bytes: f64,
    /// When everything has been scraped again.
    resident_later_bytes: f64,
}

/// Measures the rows.
pub(super) fn measure(
    options: &Options,
    servers: &[Kind],
    folder: &Path,
    table: &mut Table,
) -> Result<()> {
    let load = Load {
        targets: options.series / SERIES_OF_A_TARGET,
        series: SERIES_OF_A_TARGET,
        interval: options.interval,
    };
    let generator = LoadGenerator::start(&fleet::Options {
        targets: load.targets,
        series: load.series,
        port: 0,
        templates: None,
    })?;
    let mut measured = begin(options, servers, folder, load, &generator)?;
    let generated = scrape(options, load, &generator, &mut measured)?;
    for one in &mut measured {
        one.peak_with_queries = ask(&one.contender)?;
    }
    for one in &mut measured {
        one.contender.kill()?;
    }
    for one in &mut measured {
        one.restart = restart(options, load, &mut one.contender)?;
        let end = one.contender.stop()?;
        one.orderly = restart(options, load, &mut one.contender)?;
        one.orderly.end_seconds = end.as_secs_f64();
        one.contender.kill()?;
    }
    let measured = measured.into_iter().map(|one| (one.contender.kind, one));
    add_rows(options, &measured.collect(), &generated, table);
    Ok(())
}

/// Starts the servers and waits until each target has been scraped twice.
fn begin(
    options: &Options,
    servers: &[Kind],
    folder: &Path,
    load: Load,
    generator: &LoadGenerator,
) -> Result<Vec<Measured>> {
    let mut measured = Vec::new();
    for &kind in servers {
        let program = options.program(kind);
        let contender = Contender::start(kind, program, folder, load, generator.address())?;
        let first = contender.reading()?;
        measured.push(Measured {
            contender,
            burst: [first; 2],
            steady: Readings::default(),
            peak_with_queries: f64::NAN,
            restart: Restart::default(),
            orderly: Restart::default(),
        });
    }
    end_burst(load, &mut measured)?;
    Ok(measured)
}

/// Reads each server when it has stored every series twice; one that does not keep up gets longer.
fn end_burst(load: Load, measured: &mut [Measured]) -> Result<()> {
    let twice = 2.0 * load.samples_per_second() * load.interval as f64;
    for _ in 0..LONGEST_BURST / load.interval.max(1) {
        wait(load.interval, measured)?;
        let mut all_done = true;
        for one in &mut *measured {
            if one.burst[1].samples < twice {
                one.burst[1] = one.contender.reading()?;
                all_done &= one.burst[1].samples >= twice;
            }
        }
        if all_done {
            break;
        }
    }
    Ok(())
}

/// Reads everybody at the ends of the intervals, until there are as many samples as wanted.
fn scrape(
    options: &Options,
    load: Load,
    generator: &LoadGenerator,
    measured: &mut [Measured],
) -> Result<GeneratorReadings> {
    let mut generated = GeneratorReadings::default();
    let past = measured.first().map_or(0, |one| {
        let [first, _] = one.burst;
        first.at.elapsed().as_secs()
    });
    wait(options.warm_up.saturating_sub(past), measured)?;
    let (begin, mut elapsed) = (Instant::now(), 0);
    let duration = (options.scrapes * load.interval).saturating_sub(options.warm_up);
    loop {
        for one in &mut *measured {
            one.steady.0.push(one.contender.reading()?);
        }
        generated.0.push(generator.reading()?);
        if elapsed >= duration.max(options.interval_seconds) {
            return Ok(generated);
        }
        wait(options.interval_seconds, measured)?;
        elapsed = begin.elapsed().as_secs();
        eprintln!("{elapsed} of {duration} s scraped");
    }
}

impl AsMut<Contender> for Measured {
    fn as_mut(&mut self) -> &mut Contender {
        &mut self.contender
    }
}

/// Asks the queries at one time and over a range; gives the most memory that was used so far.
fn ask(contender: &Contender) -> Result<f64> {
    let mut connection = Connection::new(contender.server.address);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let (end, name) = (now.as_secs(), contender.kind.name());
    let mut requests = Vec::new();
    for query in QUERIES {
        let mut form = String::new();
        push_parameter(&mut form, "query", query);
        let mut range = form.clone();
        push_parameter(&mut range, "start", &(end - 240).to_string());
        push_parameter(&mut range, "end", &end.to_string());
        push_parameter(&mut range, "step", "15");
        requests.push(("query", form));
        requests.push(("query_range", range));
    }
    let mut count = String::new();
    push_parameter(&mut count, "query", COUNT);
    requests.push(("query", count));
    for (path, form) in requests {
        let answer = connection.post_form(&format!("/api/v1/{path}"), &form)?;
        if answer.status != 200 {
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            eprintln!("{name}: {path} was answered {}: {said}", answer.status);
        }
    }
    Ok(contender.server.process.usage()?.peak_resident_bytes)
}

fn restart(options: &Options, load: Load, contender: &mut Contender) -> Result<Restart> {
    contender.restart(options.program(contender.kind))?;
    let usage = contender.server.process.usage()?;
    let mut restart = Restart {
        end_seconds: 0.0,
        seconds: contender.server.ready_after.as_secs_f64(),
        cpu_seconds: usage.cpu_seconds,
        resident_bytes: usage.resident_bytes,
        peak_resident_bytes: usage.peak_resident_bytes,
        resident_later_bytes: f64::NAN,
    };
    thread::sleep(Duration::from_secs(2 * load.interval + 1));
    contender.check_alive()?;
    restart.resident_later_bytes = contender.server.process.usage()?.resident_bytes;
    Ok(restart)
}

fn add_rows(
    options: &Options,
    measured: &BTreeMap<Kind, Measured>,
    generated: &GeneratorReadings,
    table: &mut Table,
) {
    let of =
        |kind: Kind, value: &dyn Fn(&Measured) -> f64| measured.get(&kind).map_or(f64::NAN, value);
    let steady = |kind, value: &dyn Fn(&Readings) -> f64| of(kind, &|one| value(&one.steady));
    // The bars for a whole process are those of half a million series.
    let size = options.series as f64 / 500_000.0;
    let noise = generated.noise();
    let cpu = |kind| steady(kind, &|one| median(one.cpu_per_million()));
    table.add("scraping: CPU s per million samples", Bar::None, cpu);
    table.add("the same, normalised", Bar::AtMost(0.4), |kind| {
        cpu(kind) / noise
    });
    table.add("CPU µs per new series", Bar::AtMost(5.0), |kind| {
        of(kind, &Measured::cpu_of_a_new_series)
    });
    table.add("RSS, MiB", Bar::AtMost(300.0 * size), |kind| {
        steady(kind, &Readings::resident)
    });
    table.add("RSS per series, KiB", Bar::AtMost(0.6), |kind| {
        steady(kind, &|one| {
            one.resident() * MEBIBYTE / options.series as f64 / KIBIBYTE
        })
    });
    table.add(
        "peak RSS, queries included, MiB",
        Bar::AtMost(450.0 * size),
        |kind| of(kind, &|one| one.peak_with_queries / MEBIBYTE),
    );
    table.add(
        "bytes handed to write() per sample",
        Bar::AtMost(8.0),
        |kind| steady(kind, &|one| median(one.written_per_sample())),
    );
    table.add("samples stored per second", Bar::None, |kind| {
        steady(kind, &|one| median(one.sample_rates()))
    });
    let bar = Bar::AtMost(options.scrapes as f64 / 30.0 * size);
    type Which = fn(&Measured) -> &Restart;
    let kinds: [(&str, Which); 2] = [
        ("restart after kill -9", |one| &one.restart),
        ("restart after an orderly end", |one| &one.orderly),
    ];
    let before = |one: &Measured, bytes: f64| bytes / MEBIBYTE / one.steady.resident();
    for (name, which) in kinds {
        let mut add = |what: &str, bar: Bar, value: &dyn Fn(&Measured, &Restart) -> f64| {
            table.add(&format!("{name}: {what}"), bar, |kind| {
                of(kind, &|one| value(one, which(one)))
            });
        };
        add("ready after s", bar, &|_, one| one.seconds);
        add("CPU s until ready", Bar::None, &|_, one| one.cpu_seconds);
        add(
            "RSS when ready, by that before",
            Bar::AtMost(1.1),
            &|all, one| before(all, one.resident_bytes),
        );
        add(
            "peak RSS until ready, by RSS before",
            Bar::None,
            &|all, one| before(all, one.peak_resident_bytes),
        );
        add(
            "RSS when all is scraped again, by that before",
            Bar::None,
            &|all, one| before(all, one.resident_later_bytes),
        );
    }
    table.add("orderly end: s until it has ended", Bar::None, |kind| {
        of(kind, &|one| one.orderly.end_seconds)
    });
    let promised = options.series as f64 / options.interval as f64;
    for (kind, one) in measured {
        let part = median(one.steady.sample_rates()) / promised;
        if part < LEAST_STORED {
            table.remark(format!(
                "{} did not keep up: it stored {:.0} % of the samples of the schedule.",
                kind.name(),
                part * 100.0
            ));
        }
    }
    table.remark(format!(
        "Load generator: {:.3} CPU s per million samples served, {} intervals of {} s.",
        median(generated.cpu_per_million()),
        generated.0.len().saturating_sub(1),
        options.interval_seconds,
    ));
}

impl Measured {
    /// Microseconds: the burst, less what its samples would have cost in the steady state.
    fn cpu_of_a_new_series(&self) -> f64 {
        let [before, after] = self.burst;
        let samples = after.samples - before.samples;
        let steady = median(self.steady.cpu_per_million()) / 1e6 * samples;
        let cpu = after.usage.cpu_seconds - before.usage.cpu_seconds - steady;
        cpu / (after.series - before.series) * 1e6
    }
}
