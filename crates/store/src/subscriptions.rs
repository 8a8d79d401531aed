//! Subscriptions to hubs: which feed's news are pushed, by whom, under what secret, and until when. They outlive the process, for a hub
//! goes on pushing while the desk restarts.
//!
//! Two sides change a row at once: the task that asks hubs, and hubs that ask back. So each change names what it rests on (the token, the
//! moment of asking) and does nothing where that is over.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use wiredesk_model::id::FeedId;
use wiredesk_model::secret::Secret;

use crate::Store;
use crate::columns::{Result, count, maybe_time, ms, time};
use crate::feeds::short;
use crate::read::Reader;

/// Where a subscription stands. Written out it shows neither its secret nor the path that nobody is to guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// Whose news are pushed.
    pub feed: FeedId,
    /// Where the hub is.
    pub hub: String,
    /// What the hub calls the feed.
    pub topic: String,
    /// The end of the callback's path.
    #[serde(skip)]
    pub token: Secret,
    /// What pushes are signed with.
    #[serde(skip)]
    pub secret: Secret,
    /// A request is out since then, and the hub has not asked back yet.
    pub asked: Option<Timestamp>,
    /// When the lease ends; `None` without one.
    pub expires: Option<Timestamp>,
    /// When something is to be done about it.
    pub due: Timestamp,
    /// Failures in a row, denials among them.
    pub failures: u32,
    /// Why it last failed, while it does.
    pub last_error: Option<String>,
    /// The hub will not, or not any more.
    pub denied: bool,
    /// Its pushes come before our polls.
    pub delivers: bool,
    /// The last push that was taken.
    pub last_push: Option<Timestamp>,
    /// Pushes taken.
    pub pushes: u64,
    /// Pushes that were not: unsigned, wrongly signed, unreadable.
    pub ignored: u64,
}

impl Subscription {
    /// Whether the hub has promised to push at this time.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end > now)
    }
}

/// A subscription that is to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose news are to be pushed.
    pub feed: FeedId,
    /// Where the hub is.
    pub hub: String,
    /// What the hub calls the feed.
    pub topic: String,
    /// The end of the callback's path, drawn.
    pub token: Secret,
    /// What pushes are to be signed with, drawn.
    pub secret: Secret,
}

impl Store {
    /// The feed's subscription, if it has one.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn subscription(&self, feed: &FeedId) -> Result<Option<Subscription>> {
        self.find_subscription("SELECT * FROM subscription WHERE feed = ?1", feed.as_str()).await
    }

    /// The subscription whose callback ends so.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn subscription_at(&self, token: &str) -> Result<Option<Subscription>> {
        self.find_subscription("SELECT * FROM subscription WHERE token = ?1", token).await
    }

    async fn find_subscription(&self, question: &'static str, name: &str) -> Result<Option<Subscription>> {
        let name = name.to_owned();
        let ask = move |conn: &rusqlite::Connection| {
            Ok(conn.prepare_cached(question)?.query_row([name], subscription).optional()?)
        };
        self.inner.pool.ask(ask).await
    }

    /// Subscriptions about which something is to be done: of each hub the one that is longest overdue, of up to `most` hubs.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn subscriptions_due(&self, now: Timestamp, most: u32) -> Result<Vec<Subscription>> {
        let ask = move |conn: &rusqlite::Connection| {
            // With min() SQLite gives the row that holds it.
            let mut find = conn.prepare_cached(
                "SELECT *, min(due) FROM subscription WHERE due <= ?1 GROUP BY hub ORDER BY min(due) LIMIT ?2",
            )?;
            let found = find.query_map(params![ms(now), most], subscription)?.collect::<rusqlite::Result<_>>()?;
            Ok(found)
        };
        self.inner.pool.ask(ask).await
    }

    /// How many hubs have promised to push.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn active_subscriptions(&self, now: Timestamp) -> Result<u64> {
        let ask = move |conn: &rusqlite::Connection| {
            let mut find = conn.prepare_cached("SELECT count(*) FROM subscription WHERE expires > ?1")?;
            Ok(count(find.query_row([ms(now)], |row| row.get(0))?))
        };
        self.inner.pool.ask(ask).await
    }

    /// Makes a subscription that is due now, in the place of one to another hub or topic.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn subscribe(&self, wanted: Wanted, now: Timestamp) -> Result<()> {
        let Wanted { feed, hub, topic, token, secret } = wanted;
        self.change_subscription(move |tx| {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO subscription (feed, hub, topic, token, secret, due) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![feed.as_str(), hub, topic, token.reveal(), secret.reveal(), ms(now)])
        })
        .await
    }

    /// Forgets a feed's subscription. The hub is told when it pushes the next time, or its lease runs out.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn unsubscribe(&self, feed: &FeedId) -> Result<()> {
        let feed = feed.clone();
        self.change_subscription(move |tx| {
            tx.prepare_cached("DELETE FROM subscription WHERE feed = ?1")?.execute([feed.as_str()])
        })
        .await
    }

    /// The desk is called back under `base` now: what was subscribed under another address is to be asked for again.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn called_back_at(&self, base: &str, now: Timestamp) -> Result<()> {
        let base = base.to_owned();
        self.change_subscription(move |tx| {
            tx.execute(
                "UPDATE subscription SET due = ?2, asked = NULL, expires = NULL, delivers = 0, callback = NULL
                 WHERE callback <> ?1",
                params![base, ms(now)],
            )
        })
        .await
    }

    /// A request is about to go out; written before it does, for a hub may ask back before it answers. Where it never asks back, something
    /// is to be done at `give_up`.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn hub_asked(&self, token: &Secret, base: &str, at: Timestamp, give_up: Timestamp) -> Result<()> {
        let (token, base) = (token.clone(), base.to_owned());
        self.change_subscription(move |tx| {
            tx.prepare_cached("UPDATE subscription SET asked = ?2, due = ?3, callback = ?4 WHERE token = ?1")?
                .execute(params![token.reveal(), ms(at), ms(give_up), base])
        })
        .await
    }

    /// The request of that moment came to nothing. A lease that still runs is kept.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn hub_failed(&self, token: &Secret, asked: Timestamp, why: &str, due: Timestamp) -> Result<()> {
        let (token, why) = (token.clone(), short(why));
        self.change_subscription(move |tx| {
            tx.prepare_cached(
                "UPDATE subscription SET asked = NULL, failures = failures + 1, last_error = ?3, due = ?4
                 WHERE token = ?1 AND asked = ?2",
            )?
            .execute(params![token.reveal(), ms(asked), why, ms(due)])
        })
        .await
    }

    /// The hub asked back, and grants a lease until `expires`. `false` where no request is out: then nothing is changed.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn hub_verified(&self, token: &Secret, expires: Timestamp, due: Timestamp) -> Result<bool> {
        let token = token.clone();
        let work = move |tx: &Transaction<'_>| {
            let changed = tx
                .prepare_cached(
                    "UPDATE subscription SET asked = NULL, expires = ?2, due = ?3, failures = 0, last_error = NULL, denied = 0
                     WHERE token = ?1 AND asked IS NOT NULL",
                )?
                .execute(params![token.reveal(), ms(expires), ms(due)])?;
            Ok(changed > 0)
        };
        self.inner.writer.write(work).await
    }

    /// The hub denies the subscription, or ends it.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn hub_denied(&self, token: &Secret, why: &str, due: Timestamp) -> Result<()> {
        let (token, why) = (token.clone(), short(why));
        self.change_subscription(move |tx| {
            tx.prepare_cached(
                "UPDATE subscription SET asked = NULL, expires = NULL, due = ?2, failures = failures + 1, last_error = ?3,
                     denied = 1, delivers = 0
                 WHERE token = ?1",
            )?
            .execute(params![token.reveal(), ms(due), why])
        })
        .await
    }

    /// A push was taken: the hub delivers.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn push_taken(&self, token: &Secret, at: Timestamp) -> Result<()> {
        let token = token.clone();
        self.change_subscription(move |tx| {
            tx.prepare_cached(
                "UPDATE subscription SET delivers = 1, last_push = ?2, pushes = pushes + 1 WHERE token = ?1",
            )?
            .execute(params![token.reveal(), ms(at)])
        })
        .await
    }

    /// A push was not taken.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn push_ignored(&self, token: &Secret) -> Result<()> {
        let token = token.clone();
        self.change_subscription(move |tx| {
            tx.prepare_cached("UPDATE subscription SET ignored = ignored + 1 WHERE token = ?1")?
                .execute([token.reveal()])
        })
        .await
    }

    /// A poll that was begun at that time brought news that no push had: the hub does not deliver, for all that is known. A push that has
    /// come since says more.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn push_missed(&self, feed: &FeedId, begun: Timestamp) -> Result<()> {
        let feed = feed.clone();
        self.change_subscription(move |tx| {
            tx.prepare_cached("UPDATE subscription SET delivers = 0 WHERE feed = ?1 AND coalesce(last_push < ?2, 1)")?
                .execute(params![feed.as_str(), ms(begun)])
        })
        .await
    }

    async fn change_subscription(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize> + Send + 'static,
    ) -> Result<()> {
        self.inner.writer.write(move |tx| Ok(change(tx).map(drop)?)).await
    }
}

impl Reader {
    /// The feed's subscription, if it has one.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn subscription(&self, feed: &FeedId) -> Result<Option<Subscription>> {
        let feed = feed.clone();
        let ask = move |conn: &rusqlite::Connection| {
            let mut find = conn.prepare_cached("SELECT * FROM subscription WHERE feed = ?1")?;
            Ok(find.query_row([feed.as_str()], subscription).optional()?)
        };
        self.pool.ask(ask).await
    }
}

/// A row of the table `subscription`.
fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    let secret = |column: &str| row.get::<_, String>(column).map(Secret::new);
    Ok(Subscription {
        feed: FeedId::new(row.get::<_, String>("feed")?),
        hub: row.get("hub")?,
        topic: row.get("topic")?,
        token: secret("token")?,
        secret: secret("secret")?,
        asked: maybe_time(row, "asked")?,
        expires: maybe_time(row, "expires")?,
        due: time(row.get("due")?),
        failures: count(row.get("failures")?),
        last_error: row.get("last_error")?,
        denied: row.get("denied")?,
        delivers: row.get("delivers")?,
        last_push: maybe_time(row, "last_push")?,
        pushes: count(row.get("pushes")?),
        ignored: count(row.get("ignored")?),
    })
}
