//! What must be true of a topic whatever was published, looked at record by record.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure};
use wiredesk_testkit::prose::letters;

use crate::Record;

/// One body, one record; each record says of itself what its key and headers say; revisions of an article are counted in order,
/// each with the body before it.
///
/// # Errors
/// The first record that is not as it must be.
pub fn sound(records: &[Record]) -> anyhow::Result<()> {
    let (mut hashes, mut bodies) = (BTreeMap::new(), BTreeSet::new());
    let mut articles: BTreeMap<&str, BTreeMap<u64, &Record>> = BTreeMap::new();
    for record in records {
        let (url, hash) = (record.text("/url"), record.text("/content_hash"));
        ensure!(hash == format!("sha256:{}", record.key), "{url}: the key is not its hash");
        if let Some(first) = hashes.insert(hash, record) {
            bail!("{hash} is in the topic twice: {} and {}", told(first), told(record));
        }
        ensure!(bodies.insert(letters(record.text("/text"))), "{url}: its text is in the topic twice");
        let revision = record.value["revision"].as_u64().unwrap_or_default();
        ensure!(record.headers.get("wd-revision") == Some(&revision.to_string()), "{url}: wd-revision");
        ensure!(record.headers.get("wd-id").map(String::as_str) == Some(record.text("/id")), "{url}: wd-id");
        ensure!((record.text("/event") == "revised") == (revision > 1), "{url}: revision {revision}");
        ensure!(record.value["previous_hash"].is_string() == (revision > 1), "{url}: previous_hash");
        let twin = articles.entry(record.text("/id")).or_default().insert(revision, record);
        ensure!(twin.is_none(), "{url}: two bodies are revision {revision}");
    }
    for revisions in articles.values() {
        for (revision, record) in revisions {
            if let Some(before) = revisions.get(&(revision - 1)) {
                let (claimed, was) = (record.text("/previous_hash"), before.text("/content_hash"));
                ensure!(claimed == was, "{}: revision {revision} follows {claimed}, not {was}", record.text("/url"));
            }
        }
    }
    Ok(())
}

/// Where a record is, whose it is, and who wrote it.
fn told(record: &Record) -> String {
    let header = |name: &str| record.headers.get(name).map_or("?", String::as_str);
    format!(
        "{} at {}@{} by {} for entry {}, revision {}",
        record.text("/url"),
        record.partition,
        record.offset,
        header("wd-desk"),
        header("wd-entry"),
        header("wd-revision")
    )
}
