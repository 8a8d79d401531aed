//! Asks other people's servers for feeds and pages, and believes nothing they say.
//!
//! This is the only part of the desk that speaks HTTP to strangers, so the doors are closed here: what address may be
//! reached, how long an answer may take, how much it may weigh, which header goes to whom. What comes out is bytes with
//! a known origin and a known weight; what they mean is for others to say.
//!
//! # Architecture
//! - [`fetcher`]: what may be asked: a feed, a page, whether robots.txt allows a page, a hub for its pushes.
//! - [`answer`]: what comes back when it goes well.
//! - [`error`]: how it can go wrong, in the operator's words, and what is to be done about it.
//! - [`settings`]: the `[fetch]` section.
//! - `exchange`: one question carried through its redirects, each checked anew.
//! - `door`, `address`, [`resolver`]: which hosts, ports and addresses may be reached; names are resolved to checked addresses only.
//! - `gate`: the delay between two requests to one host, redirects included.
//! - `client`: the HTTP clients as we want them: no cookies, no referrer, no proxy from the environment, small headers.
//! - [`body`], `budget`: the body read piece by piece, each piece drawn from one byte budget first.
//! - `coding`: content codings undone, one at most.
//! - [`sniff`]: what the bytes are, by their first few.
//! - `headers`: dates, Retry-After, Cache-Control and validators as servers write them; `links`: where a feed's hub is.
//! - [`robots`], `robots_cache`: robots.txt read (RFC 9309), and remembered.

mod address;
pub mod answer;
pub mod body;
mod budget;
mod client;
mod coding;
mod door;
pub mod error;
mod exchange;
pub mod fetcher;
mod gate;
mod headers;
mod links;
pub mod resolver;
pub mod robots;
mod robots_cache;
pub mod settings;
pub mod sniff;
