//! What is noted is there again, whatever becomes of the file meanwhile.

use host::fs::SimulatedFs;

use super::*;

fn rule(name: &str) -> RuleId {
    RuleId {
        file: "f".to_owned(),
        group: "g".to_owned(),
        rule: name.to_owned(),
        nth: 0,
    }
}

fn alert(instance: &str, time: i64) -> (Labels, ActiveAlert) {
    let labels = Labels::from_pairs([("instance", instance)]);
    let annotations = BTreeMap::from([("a".to_owned(), "b\0\n".to_owned())]);
    let alert = ActiveAlert::pending(labels.clone(), annotations, f64::NAN, time);
    (labels, alert)
}

fn open(fs: &Arc<dyn Fs>) -> (Journal, Option<Live>) {
    Journal::open(Arc::clone(fs), Path::new(PATH), &Registry::new())
}

fn filesystem() -> Arc<dyn Fs> {
    let fs = SimulatedFs::default();
    fs.create_dir_all(Path::new("/data")).unwrap();
    Arc::new(fs)
}

#[test]
fn alerts_are_there_again() {
    let fs = filesystem();
    let (journal, live) = open(&fs);
    assert!(live.is_none());
    journal.retain(|_| true);
    let mut active = HashMap::from([alert("x", 1), alert("y", 2)]);
    journal.note(&rule("r"), &active);
    let (x, _) = alert("x", 1);
    active.remove(&x);
    journal.note(&rule("r"), &active);
    journal.note(&rule("s"), &HashMap::from([alert("z", 3)]));
    drop(journal);
    let (journal, live) = open(&fs);
    let live = live.unwrap();
    assert_eq!(live.len(), 2);
    let (y, want) = alert("y", 2);
    let got = live[&rule("r")][&y].to_alert();
    assert_eq!(got.value.to_bits(), want.value.to_bits());
    assert_eq!((got.annotations, got.active_at), (want.annotations, 2));
    journal.retain(|id| *id == rule("s"));
    let (_, live) = open(&fs);
    assert_eq!(live.unwrap().into_keys().collect::<Vec<_>>(), [rule("s")]);
}

#[test]
fn a_torn_end_is_left_out() {
    let fs = filesystem();
    let (journal, _) = open(&fs);
    journal.note(&rule("r"), &HashMap::from([alert("x", 1)]));
    journal.note(&rule("s"), &HashMap::from([alert("y", 1)]));
    drop(journal);
    let path = Path::new(PATH);
    let whole = fs.read(path).unwrap();
    for length in 0..whole.len() {
        fs.write(path, &whole[..length]).unwrap();
        let rules = open(&fs).1.map(|live| live.len());
        assert!(rules.is_none_or(|rules| rules < 2), "{length}");
        assert_eq!(rules.is_none(), length < HEADER.len(), "{length}");
    }
    let mut damaged = whole;
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs.write(path, &damaged).unwrap();
    assert_eq!(open(&fs).1.unwrap().len(), 1);
}

#[test]
fn old_news_do_not_stay() {
    let fs = filesystem();
    let (journal, _) = open(&fs);
    for time in 0..20_000 {
        journal.note(&rule("r"), &HashMap::from([alert("x", time)]));
    }
    let bytes = fs.read(Path::new(PATH)).unwrap().len();
    assert!(bytes as u64 <= LEAST_BYTES + 1000, "{bytes}");
    assert_eq!(open(&fs).1.unwrap().len(), 1);
}

/// A disk that does not take what is written, and one that does.
type Trouble = fn(&SimulatedFs, bool);

#[test]
fn writes_that_fail_are_counted_and_made_good_when_the_disk_is_well() {
    let troubles: [(&str, Trouble); 3] = [
        ("full", |fs, is_ill| {
            fs.set_capacity(is_ill.then_some(600));
        }),
        ("read-only", SimulatedFs::set_read_only),
        ("syncs fail", SimulatedFs::set_fails_syncs),
    ];
    for (name, trouble) in troubles {
        let disk = SimulatedFs::default();
        disk.create_dir_all(Path::new("/data")).unwrap();
        let fs: Arc<dyn Fs> = Arc::new(disk.clone());
        let (journal, _) = open(&fs);
        journal.note(&rule("r"), &HashMap::from([alert("x", 1)]));
        journal.sync();
        assert_eq!(journal.failures.get(), 0.0, "{name}");

        trouble(&disk, true);
        journal.note(&rule("s"), &HashMap::from([alert("y", 1), alert("z", 1)]));
        journal.sync();
        let failures = journal.failures.get();
        assert!(failures >= 1.0, "{name}: {failures}");
        journal.sync();
        assert!(
            journal.failures.get() > failures,
            "{name}: it is tried again"
        );

        trouble(&disk, false);
        let failures = journal.failures.get();
        journal.sync();
        journal.sync();
        assert_eq!(journal.failures.get(), failures, "{name}");
        let live = open(&fs).1.unwrap();
        assert_eq!(live.len(), 2, "{name}");
        assert_eq!(live[&rule("s")].len(), 2, "{name}");
    }
}

const PATH: &str = "/data/alerts.journal";
