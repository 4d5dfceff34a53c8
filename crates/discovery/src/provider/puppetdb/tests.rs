//! An answer of PuppetDB.

use super::*;
use crate::labels::shown;

fn provider(entry: &str) -> PuppetDbProvider {
    let discovery = crate::provider::tests::entry(&format!("puppetdb_sd_configs: [{entry}]"));
    let config::discovery::Discovery::PuppetDb(discovery) = discovery else {
        panic!("{discovery:?}");
    };
    PuppetDbProvider::new(discovery)
}

const BODY: &[u8] = br#"[{
  "certname": "edinburgh.example.com", "exported": false, "environment": "prod",
  "file": "/etc/puppet/init.pp", "line": 384, "resource": "49af83", "title": "Apache",
  "type": "Class", "tags": ["roles::apache", "apache"],
  "parameters": {
    "access_log": true, "port": 22, "ratio": 0.5, "labels": {"alias": "edi", "a.b": {"c": 1}},
    "options": ["a", true, 2], "none": null, "empty": [], "text": "x"
  }
}]"#;

#[test]
fn resources_become_targets() {
    let found = provider("{url: 'http://pdb:8080/', query: vhosts}")
        .groups(BODY)
        .unwrap();
    assert_eq!(
        shown(&found),
        [
            "[http://pdb:8080/pdb/query/v4?query=vhosts]",
            "__address__=edinburgh.example.com:80 puppetdb_certname=edinburgh.example.com \
             puppetdb_environment=prod puppetdb_exported=false puppetdb_file=/etc/puppet/init.pp \
             puppetdb_query=vhosts puppetdb_resource=49af83 \
             puppetdb_tags=,roles::apache,apache, puppetdb_title=Apache puppetdb_type=Class",
        ]
    );
}

#[test]
fn parameters_become_labels_when_asked_for() {
    let provider = provider("{url: 'http://pdb', query: q, include_parameters: true, port: 9}");
    let found = provider.groups(BODY).unwrap();
    let target = &found[0].targets[0];
    let parameters: Vec<String> = target
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("__meta_puppetdb_parameter_")?;
            Some(format!("{name}={value}"))
        })
        .collect();
    assert_eq!(
        parameters,
        [
            "access_log=true",
            "labels_a_b_c=1",
            "labels_alias=edi",
            "options=a,true,2",
            "port=22",
            "ratio=0.5",
            "text=x",
        ]
    );
    assert_eq!(target.get("__address__"), Some("edinburgh.example.com:9"));
}
