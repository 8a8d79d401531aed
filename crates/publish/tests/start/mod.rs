//! START as every test has it: of a desk in order, that nobody stops and nobody waits for.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::Path;

use wiredesk_model::id::DeskId;
use wiredesk_model::secret::Secret;
use wiredesk_model::topic::{Found, Positions};
use wiredesk_publish::error::OpenError;
use wiredesk_publish::settings::Settings;
use wiredesk_publish::writer::{Opened, Opening, TakeTail};

/// What such a desk hands to START.
pub fn opening<'a>(
    settings: &'a Settings,
    data_dir: &'a Path,
    desk: &'a DeskId,
    positions: &'a Positions,
    secrets: &'a BTreeMap<String, Secret>,
) -> Opening<'a> {
    let (rebuild, again) = (false, false);
    Opening { settings, data_dir, desk, positions, rebuild, again, secrets, stop: &|| false, waiting: &|_| {} }
}

/// START, with what it found in the tail and where an index stands after it that stood at `positions`.
pub fn start(
    positions: &Positions,
    open: impl FnOnce(&mut TakeTail<'_>) -> Result<Opened, OpenError>,
) -> Result<(Opened, Vec<Found>, Positions), OpenError> {
    let (mut found, mut next) = (Vec::new(), positions.next.clone());
    let opened = open(&mut |tail| {
        found.extend_from_slice(tail.found);
        next.extend(tail.next.iter().copied());
        Ok(())
    })?;
    let positions = Positions { identity: Some(opened.identity.clone()), next };
    Ok((opened, found, positions))
}
