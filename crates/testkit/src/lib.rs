//! A local web of feeds and pages on 127.0.0.1, for tests and for `wiredesk demo`.
//!
//! The desk lives on what other people's servers do: they answer late, fail once, send the same story forty times in forty
//! wrappings, change a page after it was listed. Here each of those things is one word of a builder, so that a test reads as the
//! situation it is about, and what the desk asked for can be counted afterwards.
//!
//! ```
//! use wiredesk_testkit::{Web, rss, site, times};
//!
//! let web = Web::start([
//!     site("alpha").feed(rss("feed.xml").entries(["a/1", "a/2"])).page("a/1", "<p>One</p>").page_fails("a/2", 503, times(1)),
//! ])?;
//! assert!(web.url("alpha", "feed.xml").starts_with("http://127.0.0.1:"));
//! assert_eq!(web.count("alpha", "a/1"), 0);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Wherever a page, a feed or a redirect says `{{base}}`, its own site's address is put in; `{{base:NAME}}` is that of another.
//!
//! # Architecture
//! - [`web`]: all sites, each on a port of its own; started by one call, stopped on drop.
//! - [`mod@site`]: the words a site's behaviour is written in.
//! - [`feed`]: RSS and Atom documents from a list of entries.
//! - [`mod@hub`]: a WebSub hub, which asks back and pushes as it is told.
//! - [`visits`]: what a site was asked for, when, and how many at once.
//! - `answer`, `reply`: from a request to the bytes that go out, as scripted.
//! - [`newsroom`], [`prose`]: many distinct stories for load, from a seed.
//! - [`template`], [`typography`]: a story inside a site's own chrome and in its own type.
//! - [`demo`]: the built-in syndicated web.

mod answer;
pub mod demo;
pub mod feed;
pub mod hub;
pub mod newsroom;
pub mod prose;
mod reply;
pub mod site;
pub mod template;
pub mod typography;
pub mod visits;
pub mod web;

pub use feed::{Feed, Item, atom, item, rss};
pub use hub::{Hub, Manner};
pub use site::{Site, Times, forever, site, times};
pub use visits::Seen;
pub use web::Web;
