//! The broker killed with SIGKILL under a writer, and started again on the same data. In a binary of its own: cargo runs
//! those one after the other, so no other test stands without its broker.

mod desk;
mod start;

use std::sync::atomic::{AtomicBool, Ordering};

use wiredesk_publish::error::{CommitError, OpenError};

use crate::desk::{Desk, broker, hexes, keys};

/// Runs one of the scripts that `tests/with-kafka` provides beside its broker.
fn script(name: &str) {
    let dir = std::env::var("WIREDESK_KAFKA_DIR").expect("the broker's folder");
    let done = std::process::Command::new(format!("{dir}/{name}")).status().expect("a script");
    assert!(done.success(), "{name}");
}

#[test]
fn a_broker_that_was_killed_is_found_again() {
    let Some(broker) = broker() else { return };
    if std::env::var_os("WIREDESK_KAFKA_DIR").is_none() {
        println!("skipped: the broker is not ours to kill (no WIREDESK_KAFKA_DIR)");
        return;
    }
    let mut desk = Desk::new(&broker, "killed", "a", 1);
    let mut writer = desk.writer();
    writer.commit(&desk.batch(&["one"])).expect("committed");

    script("stop");
    let down = desk.open().expect_err("no broker");
    assert!(matches!(down, OpenError::Unreachable { .. }), "{down:?}");
    script("start");
    // The writer that stood through it goes on where it was.
    writer.commit(&desk.batch(&["two"])).expect("committed");
    assert_eq!(keys(&desk.seen()), hexes(&["one", "two"]));

    // Killed while batches are under way: what was promised is there, what was taken back is not, and START knows the rest.
    let index = desk.positions.clone();
    let enough = AtomicBool::new(false);
    let texts: Vec<String> = (0..5000).map(|n| format!("n{n}")).collect();
    let (mut promised, mut unknown) = (vec!["one", "two"], Vec::new());
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            script("stop");
            script("start");
            enough.store(true, Ordering::SeqCst);
        });
        for text in &texts {
            match writer.commit(&desk.batch(&[text])).map_err(|incomplete| incomplete.why) {
                Ok(_) => promised.push(text),
                Err(CommitError::Aborted { .. } | CommitError::Wait { .. }) => {}
                Err(CommitError::Uncertain { .. }) => {
                    unknown.push(text.as_str());
                    break;
                }
                Err(error) => panic!("{text}: {error}"),
            }
            if enough.load(Ordering::SeqCst) {
                break;
            }
        }
        killer.join().expect("killed and started");
    });
    desk.positions = index;
    drop(writer);
    drop(desk.writer());
    let found: Vec<String> = desk.found.iter().map(|f| f.hash.hex()).collect();
    let seen = keys(&desk.seen());
    let (promised, unknown) = (hexes(&promised), hexes(&unknown));
    assert!(promised.iter().all(|key| seen.contains(key) && found.contains(key)), "lost");
    assert!(seen.iter().all(|key| promised.contains(key) || unknown.contains(key)), "taken back, but seen");
    assert_eq!(seen.len(), found.len(), "START knows what a consumer sees");
    let mut once = seen.clone();
    once.dedup();
    assert_eq!(once, seen, "twice");
}
