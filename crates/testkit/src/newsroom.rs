//! Many stories on many sites, for load: every page is made when it is asked for, so that a hundred thousand of them cost no
//! memory.

use std::sync::Arc;

use crate::demo;
use crate::feed::{item, rss};
use crate::prose::{Story, story};
use crate::site::{Site, site};

/// A bulk web, not yet started.
pub struct Newsroom {
    /// The sites, called `n0`, `n1`, …, each with its feed at `feed.xml`. Hand them to [`crate::Web::start`].
    pub sites: Vec<Site>,
    seed: u64,
    stories: u64,
    carriers: u64,
}

/// `stories` distinct stories on `sites` sites, each story on `carriers` of them (at most all), each site in one of the demo's
/// templates. The same numbers give the same web.
pub fn many(sites: u64, stories: u64, carriers: u64, seed: u64) -> Newsroom {
    let sites_count = sites.max(1);
    let carriers = carriers.clamp(1, sites_count);
    let looks = Arc::new(demo::looks());
    let built = (0..sites_count).map(|at| {
        let name = format!("n{at}");
        let mut built = site(&name);
        let mut items = Vec::new();
        for number in (0..stories).filter(|number| carries(at, *number, sites_count, carriers)) {
            let path = format!("story/{number}");
            let told = story(seed, number);
            items.push(item(&path).title(&told.title).summary(&told.summary).published(&told.published));
            let looks = Arc::clone(&looks);
            let look = usize::try_from(at).unwrap_or_default() % looks.len().max(1);
            let address = path.clone();
            built = built.page_fn(&path, move |_| {
                let told = story(seed, number);
                looks.get(look).map_or_else(String::new, |look| look.page(&told, &told.title, &address))
            });
        }
        built.feed(rss("feed.xml").title(&format!("Newsroom {at}")).entries(items))
    });
    Newsroom { sites: built.collect(), seed, stories, carriers }
}

/// Story `number` starts at a site that moves on with it, and goes to the next `carriers` sites.
fn carries(site: u64, number: u64, sites: u64, carriers: u64) -> bool {
    (site + sites - number % sites) % sites < carriers
}

impl Newsroom {
    /// All stories, in order of their numbers; each is one body.
    pub fn stories(&self) -> impl Iterator<Item = Story> + use<> {
        let seed = self.seed;
        (0..self.stories).map(move |number| story(seed, number))
    }

    /// How many pages there are: stories times carriers.
    pub fn pages(&self) -> u64 {
        self.stories * self.carriers
    }

    /// The sites' names, in order.
    pub fn names(&self) -> Vec<String> {
        self.sites.iter().map(|site| site.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_is_on_as_many_sites_as_were_asked_for() {
        for (sites, stories, carriers) in [(7, 50, 3), (3, 10, 9), (1, 4, 1)] {
            let room = many(sites, stories, carriers, 1);
            let listed: usize = room.sites.iter().map(|site| site.routes.len() - 1).sum();
            assert_eq!(listed as u64, room.pages());
            assert_eq!(room.pages(), stories * carriers.min(sites));
            assert_eq!(room.stories().count() as u64, stories);
        }
    }
}
