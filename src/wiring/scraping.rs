//! Discovery and scraping: started together, joined by what discovery finds.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use config::discovery::ServiceDiscovery;
use config::server::{Config, ScrapeConfig, ScrapeProtocol};
use exposition::Registry;
use host::lanes::Lanes;
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};
use host::{Clock, Fs};
use scrape::limits::DefaultLimits;
use scrape::{Manager, ManagerHandle, ScrapeOptions};
use tsdb::Db;

use super::configuration::environment;

/// Event loops on which targets are asked and pages of common size are stored, and as many threads
/// for large pages. Two, so that one slow page holds up nobody.
const INGEST_THREADS: usize = 2;

/// Running discovery and scraping.
pub(super) struct Scraping {
    discovery: discovery::Handle,
    scraping: ManagerHandle,
    features: Features,
}

impl Scraping {
    /// Starts both, with the jobs of `config`.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub(super) fn start(
        world: &World<'_>,
        config: &Config,
        tasks: &mut TaskGroup,
    ) -> anyhow::Result<Self> {
        let pool = Arc::new(Pool::new("discovery", 1)?);
        let finding = discovery::World::new(
            Arc::clone(world.fs),
            Arc::clone(world.clock),
            pool,
            world.registry,
            environment,
        );
        let (finder, discovery) = discovery::Manager::new(discovery::Options::default(), finding);
        let options = ScrapeOptions {
            store: Arc::clone(world.db) as Arc<dyn storage::Appendable>,
            lanes: Arc::new(Lanes::new("ingest", INGEST_THREADS)?),
            pool: Arc::new(Pool::new("large-page", INGEST_THREADS)?),
            clock: Arc::clone(world.clock),
            fs: Arc::clone(world.fs),
            registry: world.registry.clone(),
            offset_seed: offset_seed(config),
            sends_metadata: world.logs_metadata,
            adds_zeros: world.features.adds_zeros,
            limits: world.limits,
        };
        let jobs = jobs(config, world.features);
        let scraper = Manager::new(options, jobs);
        let scraping = Self {
            discovery,
            scraping: scraper.handle(),
            features: world.features,
        };
        scraping.discovery.apply(sets(config));
        let groups = scraping.discovery.target_groups();
        tasks.spawn(finder.run(world.stop.shutdown()));
        tasks.spawn(scraper.run(groups, world.stop.shutdown()));
        Ok(scraping)
    }

    /// Takes another configuration. Targets that stay the same miss no scrape.
    pub(super) fn apply(&self, config: &Config) {
        self.scraping.reload(jobs(config, self.features));
        self.discovery.apply(sets(config));
    }

    /// How the sources of targets stand.
    pub(super) fn discovery(&self) -> discovery::Handle {
        self.discovery.clone()
    }

    /// How targets stand.
    pub(super) fn handle(&self) -> ManagerHandle {
        self.scraping.clone()
    }
}

/// What flags switch on for all jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// Series begin with a zero at the time since when they count, if targets say it.
    pub(crate) adds_zeros: bool,
    /// Every job records what `extra_scrape_metrics` of a job asks for.
    pub(crate) extra_scrape_metrics: bool,
}

/// What discovery and scraping need of the rest.
pub(super) struct World<'a> {
    pub(super) limits: DefaultLimits,
    pub(super) logs_metadata: bool,
    pub(super) features: Features,
    pub(super) db: &'a Arc<Db>,
    pub(super) fs: &'a Arc<dyn Fs>,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) registry: &'a Registry,
    pub(super) stop: &'a Trigger,
}

fn jobs(config: &Config, features: Features) -> Vec<Arc<ScrapeConfig>> {
    let jobs = config.jobs().cloned().map(|mut job| {
        job.extra_scrape_metrics |= features.extra_scrape_metrics;
        // As upstream: of the usual protocols, protobuf tells best since when series count.
        if features.adds_zeros && job.scrape_protocols == ScrapeProtocol::DEFAULT {
            job.scrape_protocols = ScrapeProtocol::DEFAULT_NATIVE_HISTOGRAMS.to_vec();
        }
        Arc::new(job)
    });
    jobs.collect()
}

/// What discovers the targets of each job.
fn sets(config: &Config) -> impl Iterator<Item = (String, &ServiceDiscovery)> {
    config
        .jobs()
        .map(|job| (job.job_name.clone(), &job.service_discovery))
}

/// As upstream, replicas that scrape the same targets do so at different times: they differ in
/// machine name or external labels.
fn offset_seed(config: &Config) -> u64 {
    let mut hasher = DefaultHasher::new();
    host::kernel::kernel_name().node.hash(&mut hasher);
    config.global.external_labels.to_string().hash(&mut hasher);
    hasher.finish()
}
