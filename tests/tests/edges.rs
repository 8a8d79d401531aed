//! The house keeps its floors: arrows between our crates only point down.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Who may know whom. A crate that is not here has no place in the house yet.
const ALLOWED: &[(&str, &[&str])] = &[
    ("wiredesk-model", &[]),
    ("wiredesk-faults", &[]),
    ("wiredesk-decode", &["wiredesk-model"]),
    ("wiredesk-fetch", &["wiredesk-model"]),
    ("wiredesk-feed", &["wiredesk-model"]),
    ("wiredesk-extract", &["wiredesk-model"]),
    ("wiredesk-clean", &["wiredesk-model"]),
    ("wiredesk-dedup", &["wiredesk-model"]),
    ("wiredesk-publish", &["wiredesk-model", "wiredesk-faults"]),
    ("wiredesk-store", &["wiredesk-model", "wiredesk-faults"]),
    ("wiredesk-testkit", &["wiredesk-model"]),
    ("wiredesk-schedule", &["wiredesk-model"]),
    ("wiredesk-learn", &["wiredesk-model", "wiredesk-extract", "wiredesk-clean", "wiredesk-dedup"]),
    (
        "wiredesk-pipeline",
        &[
            "wiredesk-model",
            "wiredesk-faults",
            "wiredesk-decode",
            "wiredesk-fetch",
            "wiredesk-feed",
            "wiredesk-extract",
            "wiredesk-clean",
            "wiredesk-dedup",
            "wiredesk-publish",
            "wiredesk-store",
            "wiredesk-schedule",
        ],
    ),
];

#[test]
fn arrows_between_our_crates_only_point_down() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata");
    let allowed: BTreeMap<_, BTreeSet<_>> =
        ALLOWED.iter().map(|(name, may)| (*name, may.iter().copied().collect())).collect();
    let ours: BTreeSet<_> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if matches!(name, "wiredesk" | "wiredesk-tests") {
            continue; // the program may know all; the tests look at it from outside
        }
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no floor: add it to the table"));
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            let known = dependency.name.as_str();
            assert!(!ours.contains(known) || may.contains(known), "{name} must not know {known}");
        }
    }
}

#[test]
fn only_the_tests_from_outside_arm_the_faults_so_the_shipped_program_has_none() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata");
    for package in &metadata.packages {
        let forwards = package.features.values().flatten().any(|named| named.contains("faults"));
        assert!(!forwards, "{} turns faults on by a feature of its own", package.name);
        for dependency in package.dependencies.iter().filter(|d| d.name == "wiredesk-faults") {
            let arms = dependency.features.iter().any(|feature| feature == "armed");
            assert_eq!(arms, package.name.as_str() == "wiredesk-tests", "{}", package.name);
        }
    }
}
