//! The same broker by its secured listener: TLS, and SASL/SCRAM for the one user it lets in.

use std::fmt::Write as _;

use crate::Kafka;

/// A broker that must be told who comes, and shows who it is.
#[derive(Clone, Debug)]
pub struct Secured {
    /// The same broker by its plain listener, for whoever reads independently of what is tested.
    pub plain: Kafka,
    /// `host:port` of the secured listener.
    pub brokers: String,
    /// The PEM file that vouches for it.
    pub authority: String,
    /// Whom it lets in.
    pub user: String,
    /// With which password; also in the environment, as [`PASSWORD`].
    pub password: String,
}

/// The variable that has the password.
pub const PASSWORD: &str = "WIREDESK_KAFKA_PASSWORD";

impl Secured {
    /// The broker this test runs beside; see [`Kafka::beside`].
    ///
    /// # Panics
    /// Where there is a broker without a secured listener.
    pub fn beside(test: &str) -> Option<Self> {
        let plain = Kafka::beside(test)?;
        let variable =
            |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{test} needs {name}: tests/with-kafka"));
        Some(Self {
            plain,
            brokers: variable("WIREDESK_KAFKA_SECURED"),
            authority: variable("WIREDESK_KAFKA_CA"),
            user: variable("WIREDESK_KAFKA_USER"),
            password: variable(PASSWORD),
        })
    }

    /// The properties that get in, as TOML values by their keys.
    pub fn properties(&self) -> Vec<(&'static str, String)> {
        vec![
            ("security.protocol", quoted("SASL_SSL")),
            ("sasl.mechanism", quoted("SCRAM-SHA-512")),
            ("sasl.username", quoted(&self.user)),
            ("sasl.password", format!("{{ env = \"{PASSWORD}\" }}")),
            ("ssl.ca.location", quoted(&self.authority)),
        ]
    }

    /// The `[publish]` section that writes to `topic` with [`Self::properties`], these put in their place.
    pub fn publish(&self, topic: &str, instead: &[(&'static str, String)]) -> String {
        let kafka = Kafka { brokers: self.brokers.clone() };
        let mut text = kafka.publish(topic) + "[publish.kafka.properties]\n";
        let kept = self.properties().into_iter().filter(|(key, _)| instead.iter().all(|(other, _)| other != key));
        for (key, value) in kept.chain(instead.iter().cloned()) {
            writeln!(text, "\"{key}\" = {value}").expect("a string takes all");
        }
        text
    }
}

/// A TOML string.
pub fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
