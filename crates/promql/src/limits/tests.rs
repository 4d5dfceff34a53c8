//! Signals and accounts.

use super::*;

#[test]
fn the_first_signal_stands() {
    let interrupt = Interrupt::new();
    assert!(interrupt.check().is_ok());
    interrupt.time_out();
    interrupt.clone().cancel();
    interrupt.end("somebody");
    assert!(matches!(interrupt.check(), Err(QueryError::Timeout)));
}

#[test]
fn a_query_that_was_ended_says_by_whom() {
    let interrupt = Interrupt::new();
    interrupt.end("10.0.0.1");
    interrupt.end("10.0.0.2");
    let error = interrupt.check().unwrap_err();
    assert!(error.to_string().ends_with("ended by 10.0.0.1"), "{error}");
}

#[test]
fn samples_over_the_limit_are_refused_and_the_peak_is_kept() {
    let budget = Budget::new(10, Usage::default());
    let mut lease = Lease::new(&budget);
    lease.grow(8).unwrap();
    drop(lease);
    let mut lease = Lease::new(&budget);
    lease.grow(10).unwrap();
    assert!(matches!(lease.grow(1), Err(QueryError::TooManySamples)));
    assert_eq!(budget.peak(), 11);
}

#[test]
fn bytes_are_accounted_for_one_and_for_all() {
    let memory = Arc::new(Memory::new(1_000, 1_500));
    let [one, other] = [0; 2].map(|_| Usage::of(Arc::clone(&memory)));
    one.take(1_000).unwrap();
    let error = one.take(1).unwrap_err();
    assert!(matches!(error, QueryError::TooMuchMemory { limit: 1_000 }));
    one.give_back(1);
    let error = other.take(600).unwrap_err();
    let expected = QueryError::TooMuchMemoryTogether { limit: 1_500 };
    assert_eq!(error.to_string(), expected.to_string());
    drop(one);
    assert_eq!(memory.held.load(Ordering::Relaxed), 600);
    drop(other);
    assert_eq!(memory.held.load(Ordering::Relaxed), 0);
}

#[test]
fn a_lease_gives_back_all_that_it_took() {
    let usage = Usage::default();
    let budget = Budget::new(usize::MAX, usage.clone());
    let mut all = Lease::new(&budget);
    for _ in 0..10_000 {
        let mut lease = Lease::new(&budget);
        lease.grow(100).unwrap();
        lease.grow_bytes(24).unwrap();
        all.absorb(lease);
    }
    assert_eq!((all.size(), all.bytes()), (1_000_000, 8_240_000));
    assert!(
        (8_240_000..9_000_000).contains(&usage.bytes()),
        "{}",
        usage.bytes()
    );
    drop(all);
    assert_eq!(usage.bytes(), 0);
    assert!(usage.peak_bytes() >= 8_240_000);
    let mut kept = Lease::new(&budget);
    kept.grow(100).unwrap();
    kept.hold_to_the_end();
    assert!(usage.bytes() >= 800);
}
