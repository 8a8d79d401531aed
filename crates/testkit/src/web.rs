//! All sites together: one call starts them, dropping the value stops them.
//!
//! They live on a runtime of their own, so that a test may pause its clock, block its thread or run without a runtime at all while
//! the web goes on answering, and so that nothing of it outlives the drop, held and dripping answers included.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::runtime::Runtime;

use crate::answer::{Running, answer};
use crate::site::{Site, trim};
use crate::visits::{Gauge, Seen, Visits};

/// A web of sites on 127.0.0.1, each on a port of its own.
pub struct Web {
    sites: BTreeMap<String, Arc<Running>>,
    gauge: Arc<Gauge>,
    runtime: Option<Runtime>,
}

impl Web {
    /// Starts the sites. When it returns, all of them answer.
    ///
    /// # Errors
    /// Where the system gives no port or no thread.
    pub fn start(sites: impl IntoIterator<Item = Site>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("testkit-web")
            .enable_all()
            .build()?;
        let gauge = Arc::<Gauge>::default();
        let mut bases = BTreeMap::new();
        let mut bound = Vec::new();
        for site in sites {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            bases.insert(site.name.clone(), format!("http://{}", listener.local_addr()?));
            bound.push((site, listener));
        }
        let bases = Arc::new(bases);
        let mut sites = BTreeMap::new();
        for (site, listener) in bound {
            let name = site.name.clone();
            let running = Arc::new(Running {
                site: Mutex::new(site),
                visits: Visits::new(Arc::clone(&gauge)),
                base: bases.get(&name).cloned().unwrap_or_default(),
                bases: Arc::clone(&bases),
            });
            let app = Router::new().fallback(answer).with_state(Arc::clone(&running));
            let _inside = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener)?;
            runtime.spawn(async move { axum::serve(listener, app).await });
            sites.insert(name, running);
        }
        Ok(Self { sites, gauge, runtime: Some(runtime) })
    }

    /// # Panics
    /// Where there is no site of this name: a mistake in the test.
    fn running(&self, site: &str) -> &Running {
        self.sites.get(site).unwrap_or_else(|| panic!("no site is called `{site}`"))
    }

    /// The sites' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sites.keys().map(String::as_str)
    }

    /// A site's address without a path: `http://127.0.0.1:40123`.
    ///
    /// # Panics
    /// As everything here that takes a site's name: where there is none of that name.
    pub fn base(&self, site: &str) -> &str {
        &self.running(site).base
    }

    /// A site's host as budgets count it: `127.0.0.1:40123`.
    pub fn host(&self, site: &str) -> &str {
        self.base(site).trim_start_matches("http://")
    }

    /// The address of a path.
    pub fn url(&self, site: &str, path: &str) -> String {
        format!("{}/{}", self.base(site), trim(path))
    }

    /// All requests that a site saw, in order of arrival.
    pub fn requests(&self, site: &str) -> Vec<Seen> {
        self.running(site).visits.all()
    }

    /// How often a path was asked for. Without a query it counts every query of that path.
    pub fn count(&self, site: &str, path: &str) -> u64 {
        self.running(site).visits.count(&trim(path))
    }

    /// How many requests all sites saw.
    pub fn total(&self) -> u64 {
        self.sites.values().map(|site| site.visits.total()).sum()
    }

    /// The most requests that a site had open at once.
    pub fn peak(&self, site: &str) -> usize {
        self.running(site).visits.gauge.peak()
    }

    /// The most requests that all sites together had open at once.
    pub fn peak_overall(&self) -> usize {
        self.gauge.peak()
    }

    /// The requests that a site has open now.
    pub fn open(&self, site: &str) -> usize {
        self.running(site).visits.gauge.now()
    }

    /// The time between each request's start and the next one's, on one site.
    pub fn gaps(&self, site: &str) -> Vec<Duration> {
        self.running(site).visits.gaps()
    }

    /// Waits until a path was asked for this often.
    /// Cancel-safe; it waits for ever where nobody asks, so put a deadline around it.
    pub async fn seen(&self, site: &str, path: &str, count: u64) {
        self.running(site).visits.reach(&trim(path), count).await;
    }

    /// Changes a site while it runs, in the words it was built with.
    pub fn change(&self, site: &str, change: impl FnOnce(Site) -> Site) {
        let mut site = self.running(site).site.lock().unwrap_or_else(PoisonError::into_inner);
        *site = change(site.clone());
    }

    /// Puts another text at a path, page or feed; new validators come with it.
    pub fn replace(&self, site: &str, path: &str, text: impl Into<String>) {
        self.change(site, |site| site.page(path, text));
    }

    /// Lets a held path answer, now and from now on.
    pub fn release(&self, site: &str, path: &str) {
        let site = self.running(site).site.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = site.routes.get(&trim(path)).and_then(|route| route.held.as_ref()) {
            held.send_replace(true);
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Without waiting: an answer that drips for an hour must not hold a test up.
            runtime.shutdown_background();
        }
    }
}
