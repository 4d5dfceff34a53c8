//! `/etc/resolv.conf`: which servers to ask, and under which further names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How names are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResolverConfig {
    /// The servers, in the order in which they are asked.
    pub(super) servers: Vec<SocketAddr>,
    search: Vec<String>,
    /// Dots from which on a name is tried as it is first.
    dots: usize,
}

impl ResolverConfig {
    /// Reads the file's lines; those that are not understood are skipped, as resolvers do it.
    pub(super) fn parse(text: &str) -> Self {
        let mut config = Self {
            servers: Vec::new(),
            search: Vec::new(),
            dots: 1,
        };
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| {
                        // A zone of a link-local address is the machine's own affair.
                        word.split('%').next()?.parse::<IpAddr>().ok()
                    });
                    let server = address.map(|address| SocketAddr::new(address, PORT));
                    config.servers.extend(server);
                }
                Some("domain") => config.search = words.take(1).map(str::to_owned).collect(),
                Some("search") => config.search = words.map(str::to_owned).collect(),
                Some("options") => {
                    let dots = words
                        .filter_map(|word| word.strip_prefix("ndots:"))
                        .next_back();
                    if let Some(dots) = dots.and_then(|dots| dots.parse().ok()) {
                        config.dots = dots;
                    }
                }
                _ => {}
            }
        }
        if config.servers.is_empty() {
            let own = IpAddr::V4(Ipv4Addr::LOCALHOST);
            config.servers.push(SocketAddr::new(own, PORT));
        }
        config
    }

    /// The names to ask for, one after the other, each with a dot at its end.
    pub(super) fn names(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let rooted = format!("{name}.");
        let suffixed = self.search.iter().map(|suffix| {
            let suffix = suffix.trim_end_matches('.');
            format!("{rooted}{suffix}.")
        });
        let mut names: Vec<String> = suffixed.collect();
        let labels = name.split('.').filter(|label| !label.is_empty()).count();
        let at = if labels > self.dots { 0 } else { names.len() };
        names.insert(at, rooted);
        names
    }
}

const PORT: u16 = 53;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_by_the_search_list() {
        let config = ResolverConfig::parse(
            "# comment\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver x\n\
             search a.test b.test.\noptions timeout:1 ndots:2\n",
        );
        let servers: Vec<String> = config.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.1:53", "[fe80::1]:53"]);
        let cases: [(&str, &[&str]); 3] = [
            ("x.y.", &["x.y."]),
            ("x.y", &["x.y.a.test.", "x.y.b.test.", "x.y."]),
            ("x.y.z", &["x.y.z.", "x.y.z.a.test.", "x.y.z.b.test."]),
        ];
        for (name, want) in cases {
            assert_eq!(config.names(name), want, "{name}");
        }
        let bare = ResolverConfig::parse("");
        assert_eq!(bare.servers[0].to_string(), "127.0.0.1:53");
        assert_eq!(bare.names("web"), ["web."]);
        assert_eq!(bare.names("web.test"), ["web.test."]);
    }
}
