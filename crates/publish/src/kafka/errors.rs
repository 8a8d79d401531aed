//! Kafka's errors, sorted by what is to be done.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::error::{CommitError, OpenError};
use crate::kafka::ears::clean;

/// The code in whichever envelope.
pub(crate) fn code(error: &KafkaError) -> Code {
    match error {
        KafkaError::Transaction(inner) => inner.code(),
        other => other.rdkafka_error_code().unwrap_or(Code::Unknown),
    }
}

/// The error in librdkafka's words, without control characters.
pub(crate) fn words(error: &KafkaError) -> String {
    match error {
        KafkaError::Transaction(inner) => clean(&inner.string()),
        other => clean(&code_words(code(other))),
    }
}

/// A code in librdkafka's words.
pub(crate) fn code_words(code: Code) -> String {
    clean(&KafkaError::Global(code).to_string()).replace("Global error: ", "")
}

/// Whether a younger producer has taken our transactional id.
pub(crate) fn is_fence(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
}

/// Whether the cluster refuses who we are or what we may.
pub(crate) fn is_denial(code: Code) -> bool {
    matches!(
        code,
        Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::IllegalSASLState
            | Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::SecurityDisabled
    )
}

/// What becomes of a batch that was taken back for this reason.
pub(crate) fn sort(code: Code, error: String) -> CommitError {
    match code {
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => CommitError::Refused { error, size: true },
        Code::InvalidRecord | Code::InvalidMessageSize | Code::UnsupportedForMessageFormat | Code::BadMessage => {
            CommitError::Refused { error, size: false }
        }
        code if is_denial(code) => CommitError::Wait { error },
        Code::InvalidTimestamp
        | Code::PolicyViolation
        | Code::UnknownTopicOrPartition
        | Code::UnknownTopic
        | Code::UnknownPartition
        | Code::UnknownTopicId
        | Code::InvalidTopic
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend
        | Code::KafkaStorageError
        | Code::UnsupportedCompressionType => CommitError::Wait { error },
        _ => CommitError::Aborted { error },
    }
}

/// What becomes of those of a batch that failed for this reason where there is no transaction to take them back: only what the
/// broker said no to is certainly not in the topic.
pub(crate) fn sort_untaken(code: Code, error: String) -> CommitError {
    match sort(code, error) {
        CommitError::Aborted { error } => CommitError::Uncertain { error },
        certain => certain,
    }
}

/// The first of the reasons that is one: records that were dropped because another one failed are none.
pub(crate) fn first(codes: &[Code]) -> Option<Code> {
    codes.iter().copied().find(|code| !is_dropped(*code)).or_else(|| codes.first().copied())
}

/// The one of several reasons by which what failed is to be judged as a whole: what is unknown before what is refused, and that
/// before what has to wait.
pub(crate) fn gravest(codes: &[Code]) -> Option<Code> {
    codes.iter().copied().min_by_key(|code| match sort(*code, String::new()) {
        _ if is_dropped(*code) => 3,
        CommitError::Refused { .. } => 1,
        CommitError::Wait { .. } => 2,
        _ => 0,
    })
}

fn is_dropped(code: Code) -> bool {
    matches!(code, Code::PurgeQueue | Code::PurgeInflight)
}

/// What an error while opening means.
pub(crate) fn opening(doing: &str, brokers: &str, error: &KafkaError) -> OpenError {
    let why = words(error);
    match code(error) {
        code if is_denial(code) => OpenError::Denied { brokers: brokers.to_owned(), why: format!("{doing}: {why}") },
        Code::UnsupportedFeature | Code::UnsupportedVersion => OpenError::Config {
            why: format!(
                "{brokers} has no transactions ({why}); publish.kafka.delivery = \"at_least_once\" does without"
            ),
        },
        Code::InvalidTransactionTimeout => OpenError::Config {
            why: format!("{brokers} allows no transactions of 30 s: raise the brokers' transaction.max.timeout.ms"),
        },
        _ => OpenError::Broken { doing: doing.to_owned(), brokers: brokers.to_owned(), why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_place() {
        let sorted = |code| sort(code, String::new());
        assert!(matches!(sorted(Code::MessageSizeTooLarge), CommitError::Refused { size: true, .. }));
        assert!(matches!(sorted(Code::InvalidRecord), CommitError::Refused { size: false, .. }));
        assert!(matches!(sorted(Code::InvalidTimestamp), CommitError::Wait { .. }));
        assert!(matches!(sorted(Code::TopicAuthorizationFailed), CommitError::Wait { .. }));
        assert!(matches!(sorted(Code::MessageTimedOut), CommitError::Aborted { .. }));
        assert!(matches!(sort_untaken(Code::MessageTimedOut, String::new()), CommitError::Uncertain { .. }));
        assert!(matches!(sort_untaken(Code::InvalidRecord, String::new()), CommitError::Refused { .. }));
        assert!(is_fence(Code::ProducerFenced) && !is_fence(Code::InvalidProducerIdMapping));
    }

    #[test]
    fn a_transaction_is_judged_by_its_first_reason_and_anything_else_by_the_gravest() {
        let codes = [Code::PurgeQueue, Code::NotEnoughReplicas, Code::MessageSizeTooLarge, Code::MessageTimedOut];
        for most in 1..=codes.len() {
            assert_eq!(gravest(&codes[..most]), Some(codes[most - 1]));
        }
        assert_eq!((first(&codes), first(&codes[..1])), (Some(codes[1]), Some(codes[0])));
        assert_eq!((first(&[]), gravest(&[])), (None, None));
    }
}
