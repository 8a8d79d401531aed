//! What makes an item the same item when it is listed again.
//!
//! A feed's own ids are the best names and often no names: missing, one for all items, made of links with rotating
//! tokens. So the policy is chosen per feed, from how this listing behaves, and then kept: a policy that changed from
//! poll to poll would make every entry new. A title is part of an identity only where nothing else tells items apart.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use url::Url;
use wiredesk_model::feed::IdentityPolicy;
use wiredesk_model::link::{self, LONGEST};

use crate::parsed::Item;

/// Names the items: by the policy given, or by the one that their behaviour asks for.
pub(crate) fn assign(items: &mut [Item], policy: Option<IdentityPolicy>) -> IdentityPolicy {
    let links: Vec<Option<String>> = items.iter().map(|item| item.listing.link.as_deref().map(cleaned)).collect();
    let policy = policy.unwrap_or_else(|| chosen(items, &links));
    // An id that several articles have names the one listed last, which had it first: feeds list the newest on top.
    let mut owners: HashMap<String, Option<&str>> = HashMap::with_capacity(items.len());
    for (item, link) in items.iter().zip(&links).rev() {
        owners.entry(identity(item, link.as_deref(), policy)).or_insert(link.as_deref());
    }
    let mut seen = HashSet::with_capacity(items.len());
    for (item, link) in items.iter_mut().zip(&links) {
        let mut name = identity(item, link.as_deref(), policy);
        if let (Some(Some(owner)), Some(link)) = (owners.get(&name), link)
            && owner != link
        {
            name = format!("{name}\n{link}");
        }
        item.listing.identity = bounded(name);
        item.repeated = !seen.insert(item.listing.identity.clone());
    }
    policy
}

fn cleaned(link: &str) -> String {
    Url::parse(link).map_or_else(|_| link.to_owned(), |url| link::cleaned(&url).into())
}

fn chosen(items: &[Item], links: &[Option<String>]) -> IdentityPolicy {
    let named = items.iter().filter(|item| item.guid.is_some()).count();
    // One id for several items is no id, unless it is one item listed twice.
    let mut article_of = HashMap::with_capacity(items.len());
    let guids_tell_apart = items.iter().zip(links).all(|(item, link)| {
        let Some(guid) = &item.guid else { return true };
        let article = (link, if link.is_none() { &item.listing.title } else { &None });
        *article_of.entry(guid).or_insert(article) == article
    });
    if named * 2 > items.len() && guids_tell_apart {
        return IdentityPolicy::Guid;
    }
    let mut title_of = HashMap::with_capacity(items.len());
    let links_tell_apart = items.iter().zip(links).all(|(item, link)| {
        let Some(link) = link else { return true };
        let title = &item.listing.title;
        *title_of.entry(link).or_insert(title) == title
    });
    if links_tell_apart { IdentityPolicy::Link } else { IdentityPolicy::LinkAndTitle }
}

fn identity(item: &Item, link: Option<&str>, policy: IdentityPolicy) -> String {
    match (policy, &item.guid, link) {
        (IdentityPolicy::Guid, Some(guid), _) => guid.clone(),
        (IdentityPolicy::Guid | IdentityPolicy::Link, _, Some(link)) => link.to_owned(),
        (IdentityPolicy::LinkAndTitle, _, Some(link)) => {
            format!("{link}\n{}", item.listing.title.as_deref().unwrap_or_default())
        }
        // Under another policy an id is still a better name than none.
        (_, Some(guid), None) => format!("{guid}\n{}", item.listing.title.as_deref().unwrap_or_default()),
        (_, None, None) => of_words(item),
    }
}

/// A name that is longer than any address is known by its hash.
fn bounded(name: String) -> String {
    if name.len() <= 2 * LONGEST { name } else { format!("long:{}", short(Sha256::digest(&name))) }
}

/// The first 16 bytes of a hash, in hexadecimal.
fn short(hash: impl AsRef<[u8]>) -> String {
    hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The name of an item with neither id nor link: its words.
fn of_words(item: &Item) -> String {
    let Item { listing, .. } = item;
    let mut hash = Sha256::new();
    let enclosure = listing.enclosures.first();
    let parts = match (&listing.title, enclosure) {
        (title, Some(_)) => [title.as_ref(), enclosure],
        (Some(_), None) => [listing.title.as_ref(), None],
        (None, None) => [listing.content.as_ref(), listing.summary.as_ref()],
    };
    for part in parts.into_iter().flatten() {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let published = listing.published.map(|date| date.at.as_second().to_string()).unwrap_or_default();
    hash.update(published.as_bytes());
    format!("words:{}", short(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use wiredesk_model::entry::Listing;

    use super::*;

    fn items(rows: &[(&str, &str, &str)]) -> Vec<Item> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        rows.iter()
            .map(|(guid, link, title)| Item {
                guid: some(guid),
                guid_url: None,
                claimed: None,
                repeated: false,
                listing: Listing { link: some(link), title: some(title), ..Listing::default() },
            })
            .collect()
    }

    #[test]
    fn the_policy_follows_from_behaviour() {
        use IdentityPolicy::{Guid, Link, LinkAndTitle};
        for (name, rows, policy, identities) in [
            ("ids", [("1", "http://a.test/1", "A"), ("2", "http://a.test/2", "B")], Guid, ["1", "2"]),
            (
                "none",
                [("", "http://a.test/1?utm_source=x", "A"), ("", "http://a.test/2", "B")],
                Link,
                ["http://a.test/1", "http://a.test/2"],
            ),
            (
                "one for all",
                [("1", "http://a.test/1", "A"), ("1", "http://a.test/2", "B")],
                Link,
                ["http://a.test/1", "http://a.test/2"],
            ),
            (
                "one link",
                [("", "http://a.test/", "A"), ("", "http://a.test/#x", "B")],
                LinkAndTitle,
                ["http://a.test/\nA", "http://a.test/\nB"],
            ),
            ("one id and link", [("1", "http://a.test/", "A"), ("1", "http://a.test/", "A")], Guid, ["1", "1"]),
        ] {
            let mut items = items(&rows);
            assert_eq!(assign(&mut items, None), policy, "{name}");
            let found: Vec<&str> = items.iter().map(|item| &*item.listing.identity).collect();
            assert_eq!(found, identities, "{name}");
            assert_eq!(items[1].repeated, identities[0] == identities[1], "{name}");
        }
    }

    /// A feed whose ids were good ones once gave a second article the id of a first, and the second was never seen.
    #[test]
    fn an_id_that_a_feed_gives_again_to_another_article_hides_neither() {
        let rows = [("1", "http://a.test/new", "B"), ("2", "http://a.test/2", "C"), ("1", "http://a.test/old", "A")];
        let mut items = items(&rows);
        assert_eq!(assign(&mut items, Some(IdentityPolicy::Guid)), IdentityPolicy::Guid);
        let found: Vec<&str> = items.iter().map(|item| &*item.listing.identity).collect();
        assert_eq!(found, ["1\nhttp://a.test/new", "2", "1"], "the one that had it keeps it");
        assert!(items.iter().all(|item| !item.repeated));
    }

    #[test]
    fn an_override_is_obeyed() {
        let mut items = items(&[("1", "http://a.test/1", "A")]);
        assert_eq!(assign(&mut items, Some(IdentityPolicy::Link)), IdentityPolicy::Link);
        assert_eq!(items[0].listing.identity, "http://a.test/1");
    }

    #[test]
    fn an_item_without_id_and_link_has_a_name_of_its_own() {
        let mut items = items(&[("", "", "A"), ("", "", "B"), ("", "", "A")]);
        assign(&mut items, None);
        assert_ne!(items[0].listing.identity, items[1].listing.identity);
        assert!(items[2].repeated);
    }

    #[test]
    fn a_title_edit_is_no_new_entry() {
        let (mut before, mut after) =
            (items(&[("", "http://a.test/1", "A")]), items(&[("", "http://a.test/1", "A, corrected")]));
        assign(&mut before, None);
        assign(&mut after, None);
        assert_eq!(before[0].listing.identity, after[0].listing.identity);
    }
}
