//! One target: its page with everything but the values rendered once.

use crate::fleet::series::{BOUNDS, Kind, Series, mix};

/// Of 100 series: 60 counters, 25 gauges, 15 histogram buckets. The sums and counts of the
/// histograms are among the counters.
const COUNTERS: usize = 60;
const GAUGES: usize = 25;

/// Of 100 counters and histograms, this many stand still; of 100 gauges, fewer.
const IDLE_COUNTERS: u64 = 35;
const IDLE_GAUGES: u64 = 20;

/// Series of one family.
const FAMILY: usize = 25;

/// Histograms of one family.
const HISTOGRAM_FAMILY: usize = 4;

/// Room in front of a page, for its head.
const HEAD_BYTES: usize = 160;

const NAMES: [&str; 8] = [
    "http_requests_handled",
    "rpc_messages_received",
    "queue_items_processed",
    "storage_bytes_written",
    "cache_lookups_finished",
    "worker_jobs_completed",
    "network_packets_forwarded",
    "database_rows_returned",
];
const SERVICES: [&str; 5] = [
    "checkout",
    "inventory",
    "payments",
    "search-index",
    "notification",
];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const CODES: [&str; 5] = ["200", "201", "400", "404", "503"];

/// A target and the text of its page.
pub(crate) struct Target {
    text: Vec<u8>,
    /// Where in `text` the value of each series goes, in order.
    rows: Vec<(usize, Series)>,
}

impl Target {
    /// Target `number` with `count` series.
    pub(crate) fn new(number: usize, count: usize) -> Self {
        let gauges = count * GAUGES / 100;
        let histograms = count * (100 - COUNTERS - GAUGES) / 100 / BOUNDS.len();
        let counters = count - gauges - histograms * (BOUNDS.len() + 2);
        let mut target = Self {
            text: Vec::new(),
            rows: Vec::with_capacity(count),
        };
        let origin = Origin { number };
        target.add_family_rows(counters, &origin, "_total", "counter", counter);
        target.add_family_rows(gauges, &origin, "_now", "gauge", gauge);
        for index in 0..histograms {
            target.add_histogram(index, &origin);
        }
        target
    }

    /// Target `number` with `count` series that differ from these in further labels only. It is one
    /// kubelet at most, which says the name of its node once; that leaves it a little short.
    pub(crate) fn of_templates(number: usize, count: usize, templates: &[&str]) -> Self {
        let mut target = Self {
            text: Vec::new(),
            rows: Vec::with_capacity(count),
        };
        let first = number * count;
        for index in first..first + count {
            let (variant, place) = (index / templates.len(), index % templates.len());
            let template = templates[place];
            let (name, labels) = template.split_once('{').unwrap_or((template, "}"));
            if name == "kubelet_node_name" && index >= first + templates.len() {
                continue;
            }
            // A kubelet is of one node, whatever pods it has.
            let of_node = match name.starts_with("kubelet_") {
                true => first / templates.len(),
                false => variant,
            };
            let seed = mix((variant as u64) << 20 ^ place as u64) >> 8;
            let mut labels = labels.trim_end_matches('}').to_owned();
            for (label, value) in further_labels(name, variant, of_node) {
                if !labels.contains(&format!("{label}=")) {
                    let comma = if labels.is_empty() { "" } else { "," };
                    labels += &format!("{comma}{label}=\"{value}\"");
                }
            }
            let counts = ["_total", "_count", "_sum"];
            let kind = match counter(seed) {
                Kind::Counter { rate } if name.ends_with("_bucket") => Kind::Bucket {
                    rate,
                    bound: variant % BOUNDS.len(),
                },
                kind if counts.iter().any(|end| name.ends_with(end)) => kind,
                _ => gauge(seed),
            };
            target.add_row(&format!("{name}{{{labels}}} "), Series { kind, seed });
        }
        target
    }

    /// Number of series.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Each series: its line up to the value, and its values.
    pub(crate) fn series(&self) -> impl Iterator<Item = (&str, Series)> {
        self.rows.iter().map(|&(place, series)| {
            let before = self.text.get(..place).unwrap_or_default();
            let line = before.rsplit(|&byte| byte == b'\n').next();
            let line = std::str::from_utf8(line.unwrap_or_default());
            (line.unwrap_or_default().trim_end(), series)
        })
    }

    /// Writes the answer to a scrape at `second` into `page`, which is cleared first.
    pub(crate) fn render(&self, second: u64, page: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        page.clear();
        page.resize(HEAD_BYTES, b' ');
        let mut copied = 0;
        for &(place, series) in &self.rows {
            page.extend_from_slice(&self.text[copied..place]);
            series.write(second, &mut digits, page);
            copied = place;
        }
        page.extend_from_slice(&self.text[copied..]);
        put_head(page, 200);
    }

    fn add_family_rows(
        &mut self,
        count: usize,
        origin: &Origin,
        suffix: &str,
        kind: &str,
        value: fn(u64) -> Kind,
    ) {
        for index in 0..count {
            let family = index / FAMILY;
            let name = format!("{}_{family}{suffix}", NAMES[family % NAMES.len()]);
            if index.is_multiple_of(FAMILY) {
                self.add_comments(&name, kind);
            }
            let seed = origin.seed(&name, index);
            let line = format!("{name}{{{}}} ", origin.labels(index));
            self.add_row(
                &line,
                Series {
                    kind: value(seed),
                    seed,
                },
            );
        }
    }

    fn add_histogram(&mut self, index: usize, origin: &Origin) {
        let family = index / HISTOGRAM_FAMILY;
        let name = format!("{}_{family}_duration_seconds", NAMES[family % NAMES.len()]);
        if index.is_multiple_of(HISTOGRAM_FAMILY) {
            self.add_comments(&name, "histogram");
        }
        let seed = origin.seed(&name, index);
        let Kind::Counter { rate } = counter(seed) else {
            return;
        };
        let labels = origin.labels(index);
        for (bound, text) in BOUNDS.iter().enumerate() {
            let line = format!("{name}_bucket{{{labels},le=\"{text}\"}} ");
            self.add_row(
                &line,
                Series {
                    kind: Kind::Bucket { rate, bound },
                    seed,
                },
            );
        }
        self.add_row(
            &format!("{name}_sum{{{labels}}} "),
            Series {
                kind: Kind::Sum { rate },
                seed,
            },
        );
        let count = Series {
            kind: Kind::Counter { rate },
            seed,
        };
        self.add_row(&format!("{name}_count{{{labels}}} "), count);
    }

    fn add_comments(&mut self, name: &str, kind: &str) {
        let help = "What the load generator says about itself.";
        let comments = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.text.extend_from_slice(comments.as_bytes());
    }

    fn add_row(&mut self, line: &str, series: Series) {
        self.text.extend_from_slice(line.as_bytes());
        self.rows.push((self.text.len(), series));
        self.text.push(b'\n');
    }
}

/// What all series of one target have in common.
struct Origin {
    number: usize,
}

impl Origin {
    /// Eight labels less the two that the scraper adds and the bound of a bucket, give or take.
    fn labels(&self, index: usize) -> String {
        let namespace = self.number / 4;
        let service = SERVICES[self.number % SERVICES.len()];
        let pod = mix(self.number as u64 * 31 + (index / 100) as u64) & 0xff_ffff_ffff;
        let method = METHODS[index % METHODS.len()];
        let code = CODES[index / METHODS.len() % CODES.len()];
        format!(
            "namespace=\"team-{namespace:03}\",pod=\"{service}-{pod:010x}\",container=\"main\",\
             service=\"{service}\",method=\"{method}\",code=\"{code}\",path=\"/api/v1/orders/{index}\""
        )
    }

    fn seed(&self, name: &str, index: usize) -> u64 {
        let bytes = name.bytes().fold(0, |sum, byte| mix(sum ^ u64::from(byte)));
        mix(bytes ^ ((self.number as u64) << 32) ^ index as u64) >> 8
    }
}

/// What tells series of one template apart: ten of them are of one pod, five pods on one node, and
/// those about other objects are of one each. The node is that of the pod of `of_node`.
fn further_labels(name: &str, variant: usize, of_node: usize) -> Vec<(&str, String)> {
    let pod = variant / 10;
    let mut labels = vec![
        ("namespace", format!("team-{:02}", pod % 40)),
        ("pod", format!("pod-{pod}")),
        ("container", format!("container-{}", variant % 10)),
        ("node", format!("node-{}", of_node / 50)),
    ];
    let object = name
        .strip_prefix("kube_")
        .and_then(|rest| rest.split('_').next());
    if let Some(object) = object.filter(|object| !["pod", "node", "job"].contains(object)) {
        labels.push((object, format!("{object}-{variant}")));
    }
    if name.ends_with("_bucket") {
        labels.push(("le", BOUNDS[variant % BOUNDS.len()].to_owned()));
    }
    labels
}

/// Rates over five orders of magnitude, many slow and few fast.
fn counter(seed: u64) -> Kind {
    if seed % 100 < IDLE_COUNTERS {
        return Kind::Counter { rate: 0 };
    }
    let magnitude = 10_u64.pow(u32::try_from(seed / 100 % 5).unwrap_or(0) + 2);
    Kind::Counter {
        rate: magnitude + mix(seed) % (magnitude * 9),
    }
}

/// Ratios, loads and temperatures with decimals; counts and bytes without.
fn gauge(seed: u64) -> Kind {
    let (low, span, decimals) = match seed / 100 % 4 {
        0 => (100, 899, 3),
        1 => (2_000, 6_000, 2),
        2 => (1, 400, 0),
        _ => (200_000_000, 900_000_000, 0),
    };
    let idle = seed % 100 < IDLE_GAUGES;
    Kind::Gauge {
        low,
        span: if idle { 0 } else { span },
        decimals,
    }
}

/// Writes an answer that is no scrape.
pub(crate) fn answer(page: &mut Vec<u8>, status: u16, body: &[u8]) {
    page.clear();
    page.resize(HEAD_BYTES, b' ');
    page.extend_from_slice(body);
    put_head(page, status);
}

/// Puts the head directly in front of the body and drops the room that is left.
fn put_head(page: &mut Vec<u8>, status: u16) {
    let length = page.len() - HEAD_BYTES;
    let head = format!(
        "HTTP/1.1 {status} \r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    let start = HEAD_BYTES - head.len();
    page[start..HEAD_BYTES].copy_from_slice(head.as_bytes());
    page.drain(..start);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Target;

    fn body(target: &Target, second: u64) -> String {
        let mut page = Vec::new();
        target.render(second, &mut page);
        let text = String::from_utf8(page).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("Content-Length: {}", body.len())),
            "{head}"
        );
        body.to_owned()
    }

    #[test]
    fn a_page_has_the_promised_shape() {
        let target = Target::new(17, 1_000);
        let body = body(&target, 30);
        let rows: Vec<&str> = body.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!((rows.len(), target.len()), (1_000, 1_000));
        let names: BTreeSet<&str> = rows
            .iter()
            .map(|row| row.rsplit_once(' ').unwrap().0)
            .collect();
        assert_eq!(names.len(), 1_000, "every series is another one");
        assert_eq!(
            rows.iter().filter(|row| row.contains("_bucket{")).count(),
            150
        );
        assert_eq!(rows.iter().filter(|row| row.contains("_now{")).count(), 250);
        let bytes: usize = rows.iter().map(|row| row.len() + 1).sum();
        assert!(
            (165..195).contains(&(bytes / 1_000)),
            "{} bytes a line",
            bytes / 1_000
        );
    }

    #[test]
    fn about_half_of_the_values_change_within_five_seconds() {
        let target = Target::new(3, 1_000);
        let (before, after) = (body(&target, 100), body(&target, 105));
        let pairs = before.lines().zip(after.lines());
        let changed = pairs.filter(|(left, right)| left != right).count();
        assert!((450..750).contains(&changed), "{changed} changed");
    }
}
