//! The dead writer's last request arrives late. kill -9 alone cannot show what fencing is for: a request that was under way when
//! its writer died may land after its successor has read the tail. Each test here has a twin without the fence that must fail.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wiredesk_faults::Protection;
use wiredesk_tests::proxy::Request;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Fault, Kafka};

/// There is one address to stand at.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const MINUTE: Duration = Duration::from_secs(60);

/// A desk is killed while its request is held, another life of it publishes everything, the request is let go. What is then wrong
/// with the topic.
fn after_a_late(
    request: Request,
    topic: &str,
    fault: &Fault,
    configure: &[(&str, &str)],
) -> Option<anyhow::Result<()>> {
    let kafka = Kafka::beside(topic)?;
    let _order = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (behind, proxy) = kafka.behind_a_proxy().expect("a proxy");
    let web = Restless::start(2, 8).expect("a web");
    let desk = Desk::new(&behind.publish(topic), web.feeds()).expect("a desk");
    for (from, to) in configure {
        desk.configure(from, to).expect("it stands there");
    }
    proxy.hold(request);
    let mut first = desk.start_with(fault).expect("a daemon");
    first.wait_for("a request to be held", MINUTE, |_| proxy.is_holding()).expect("a request");
    first.kill().expect("kill -9");

    let mut second = desk.start_with(fault).expect("another life");
    second.wait_until_ready().expect("ready");
    second.wait_until_drained(web.entries()).expect("drained");
    proxy.release().expect("the broker answers");
    assert_eq!(second.stop().expect("an end").code(), Some(0));
    Some(web.holds(&kafka.read(topic).expect("the topic"), 0))
}

#[test]
fn records_that_arrive_after_their_writers_death_are_not_in_the_topic() {
    if let Some(verdict) = after_a_late(Request::Produce, "late.records", &Fault::none(), &[]) {
        verdict.expect("every body once");
    }
}

#[test]
fn a_commit_that_arrives_after_its_writers_death_commits_nothing() {
    if let Some(verdict) = after_a_late(Request::EndTransaction, "late.commit", &Fault::none(), &[]) {
        verdict.expect("every body once");
    }
}

/// Idempotence and a tail that is read are not enough: so the configuration calls it `at_least_once`.
#[test]
fn without_transactions_records_that_arrive_late_are_there_twice() {
    let configure = [("[publish.kafka]\n", "[publish.kafka]\ndelivery = \"at_least_once\"\n")];
    if let Some(verdict) = after_a_late(Request::Produce, "late.idempotent", &Fault::none(), &configure) {
        let twice = verdict.expect_err("the test can see a duplicate").to_string();
        assert!(twice.contains("twice") || twice.contains("2 records"), "{twice}");
    }
}

#[test]
fn without_the_fence_a_commit_that_arrives_late_brings_everything_twice() {
    let fault = Fault::none().without(Protection::Fence);
    if let Some(verdict) = after_a_late(Request::EndTransaction, "late.unfenced", &fault, &[]) {
        let twice = verdict.expect_err("the test can see a duplicate").to_string();
        assert!(twice.contains("twice") || twice.contains("2 records"), "{twice}");
    }
}
