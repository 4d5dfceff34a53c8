//! Order of start, reloads, order of end.

use std::sync::Arc;
use std::time::Duration;

use ::rules::RulesConfig;
use anyhow::Context as _;
use config::server::Config;
use exposition::Registry;
use host::clock::RealClock;
use host::fs::RealFs;
use host::pool::Pool;
use host::signals::{Request, Signals};
use host::tasks::{TaskGroup, Trigger};
use host::{Clock, Fs};
use tokio::sync::mpsc;
use tsdb::{Db, ReplayProgress};
use web::lifecycle::{Lifecycle, ReloadRequest};
use web::services::Services;

use super::auto_reload::AutoReload;
use super::configuration::{Shown, take};
use super::limits::IntakeLimits;
use super::scraping::{Scraping, World};
use super::{Settings, memory, process, rules, storage, surface};

/// Longest wait for tasks at the end, each group.
const PATIENCE: Duration = Duration::from_secs(10);
/// Reload requests that may wait; one more waits in its connection.
const WAITING_RELOADS: usize = 4;

/// Runs a server until it is asked to end.
pub(super) async fn run(settings: Settings) -> anyhow::Result<()> {
    let fs: Arc<dyn Fs> = Arc::new(RealFs);
    let clock: Arc<dyn Clock> = Arc::new(RealClock::default());
    let mut signals = Signals::listen().context("listening for signals")?;
    let mut watched = AutoReload::new(&settings, &*fs);
    let (config, rules_config) = load(&settings, &*fs)?;
    let access = surface::access(settings.web_config_file.as_deref())?;
    let scheme = if access.is_encrypted() {
        "https"
    } else {
        "http"
    };
    let listeners = surface::listen(&settings.listen_addresses).await?;

    let registry = Registry::new();
    process::register(&registry, Arc::clone(&fs));
    let storage_pool = Arc::new(Pool::new("storage", storage::THREADS)?);
    let (store_fs, store_clock) = (Arc::clone(&fs), Arc::clone(&clock));
    let mut options = settings.storage.clone();
    options.retention = storage::effective_retention(options.retention, &config.storage);
    let memory = host::limits::Limits::read(&*fs).memory_bytes;
    let intake = IntakeLimits::new(settings.series, memory);
    options.series_limit = intake.series;
    options.safe_mode_bytes = storage::safe_mode_bytes(memory);
    options.out_of_order_window = storage::out_of_order_window(&config.storage);
    options.max_exemplars = storage::max_exemplars(settings.keeps_exemplars, &config.storage);
    let (progress, metrics_pool) = (
        ReplayProgress::default(),
        Arc::new(Pool::new("metrics", 1)?),
    );
    let mut serving = surface::start(listeners, access, &progress, &registry, &metrics_pool);
    let opening = storage::open(
        options,
        store_fs,
        store_clock,
        &registry,
        &progress,
        &storage_pool,
    );
    let db = tokio::select! {
        opened = opening => opened?,
        () = asked_to_end(&mut signals) => {
            tracing::info!("ending before the log is read");
            Db::give_up_opening(&*fs, &settings.storage.path);
            return Ok(());
        }
    };

    // The folder is locked now, so that nobody else listens in it.
    if let Some(path) = &settings.private_socket {
        serving.listen_privately(path)?;
    }

    let stop = Arc::new(Trigger::new());
    let mut tasks = TaskGroup::new();
    let interval = settings.maintenance_interval;
    storage::maintain(&db, &storage_pool, interval, &stop, &mut tasks);
    memory::give_back(&fs, &metrics_pool, &stop, &mut tasks);
    let shown = Shown::new(Arc::clone(&clock), &registry);
    let world = World {
        limits: intake.scraping,
        logs_metadata: settings.logs_metadata,
        features: settings.scraping,
        db: &db,
        fs: &fs,
        clock: &clock,
        registry: &registry,
        stop: &stop,
    };
    let scraping = Scraping::start(&world, &config, &mut tasks)?;
    let engine = surface::engine(&settings, &*fs, &clock)?;
    let beside = rules::Beside {
        settings: &settings,
        engine: &engine,
        db: &db,
        fs: &fs,
        clock: &clock,
        registry: &registry,
        stop: &stop,
    };
    let alerting = rules::start(&beside, &config, rules_config, &mut tasks)?;
    shown.accept(&config);

    let (reload_sender, mut reloads) = mpsc::channel::<ReloadRequest>(WAITING_RELOADS);
    let lifecycle = Lifecycle::new(settings.enable_lifecycle, reload_sender, Arc::clone(&stop));
    let services = surface::services(surface::Behind {
        settings: &settings,
        engine,
        db: Arc::clone(&db),
        targets: scraping.handle(),
        discovery: scraping.discovery(),
        alerting: alerting.clone(),
        registry,
        metrics_pool,
        lifecycle: lifecycle.clone(),
        shown: shown.state(),
        clock,
        fs: &*fs,
    })?;
    services.follow_evaluation_interval(config.global.evaluation_interval);
    serving.answer_all(&settings, services.clone())?;
    lifecycle.set_ready(true);
    tracing::info!("server is ready to receive web requests");
    if let Some(greeting) = settings.greeting {
        greet(&greeting(&settings, scheme));
    }

    let mut stopping = stop.shutdown();
    loop {
        let answer = tokio::select! {
            request = signals.next() => match request {
                Request::Reload => None,
                Request::Stop => break,
            },
            Some(request) = reloads.recv() => Some(request),
            () = watched.changed(&*fs) => None,
            () = stopping.wait() => break,
        };
        let running = Running {
            scraping: &scraping,
            alerting: &alerting,
            services: &services,
            db: &db,
        };
        let seen = watched.look(&*fs);
        let outcome = reload(&settings, &*fs, &running, &shown);
        if outcome.is_ok() {
            watched.accept(seen);
        }
        if let Some(answer) = answer {
            // The asker may have gone away; the log says it, too.
            drop(answer.send(outcome));
        }
    }
    tracing::info!("ending");
    lifecycle.set_ready(false);
    db.stop_maintenance();
    stop.pull();
    serving.drain(PATIENCE).await;
    tasks.drain(PATIENCE).await;
    storage_pool
        .run(move || db.close())
        .await?
        .context("closing storage")?;
    Ok(())
}

/// Waits for the signal to end; a reload is of no use before the configuration has been applied.
async fn asked_to_end(signals: &mut Signals) {
    while !matches!(signals.next().await, Request::Stop) {}
}

/// What a reload changes.
struct Running<'a> {
    scraping: &'a Scraping,
    alerting: &'a rules::Alerting,
    services: &'a Services,
    db: &'a Db,
}

/// Reads the configuration with all files that it names. A start and a reload both come here, so
/// that they take the same ones.
fn load(settings: &Settings, fs: &dyn Fs) -> anyhow::Result<(Config, RulesConfig)> {
    let config = settings.config.load(fs, settings.storage.retention)?;
    let rules = rules::read(settings, fs, &config)?;
    Ok((config, rules))
}

/// Reads the configuration again and takes it whole or not at all.
fn reload(
    settings: &Settings,
    fs: &dyn Fs,
    running: &Running<'_>,
    shown: &Shown,
) -> Result<(), String> {
    let Running {
        scraping,
        alerting,
        services,
        db,
    } = *running;
    let apply = |config: &Config, rules_config| {
        let flags = settings.storage.retention;
        db.set_retention(storage::effective_retention(flags, &config.storage));
        db.set_out_of_order_window(storage::out_of_order_window(&config.storage));
        let kept = settings.keeps_exemplars;
        db.set_max_exemplars(storage::max_exemplars(kept, &config.storage));
        scraping.apply(config);
        alerting.apply(config, rules_config);
        services.follow_evaluation_interval(config.global.evaluation_interval);
    };
    take(shown, || load(settings, fs), apply)
}

#[allow(
    clippy::print_stdout,
    reason = "a person at a terminal reads where to look"
)]
fn greet(text: &str) {
    println!("{text}");
}
