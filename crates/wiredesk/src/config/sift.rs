//! Every part of a document tried by itself, so that one fault does not hide the next.
//!
//! serde stops at the first error. So each value is put alone into an otherwise empty document and read as the real type; what
//! fails is a fault and is left out. What passes is the document that is read in the end.

use std::marker::PhantomData;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Deserializer};
use wiredesk_model::units::Span;

use super::fault::Fault;
use super::keys::{Key, Kind};

/// The longest span of time that a setting may be: ten years.
const LONGEST: Span = Span::days(3650);

type Path<'i> = Vec<Spanned<DeString<'i>>>;

/// Takes the good from documents of one type.
pub(crate) struct Sieve<'a, 'i, T> {
    file: usize,
    keys: &'a [Key],
    /// What a document of this type cannot be without.
    base: DeTable<'i>,
    reads: PhantomData<T>,
}

impl<'a, 'i, T: DeserializeOwned> Sieve<'a, 'i, T> {
    /// A sieve for documents of type `T`, whose keys these are; `base` makes a document of one value whole.
    pub(crate) fn new(file: usize, keys: &'a [Key], base: DeTable<'i>) -> Self {
        Self { file, keys, base, reads: PhantomData }
    }

    /// Says all that is unknown or wrong in a document; gives back the rest.
    pub(crate) fn sift(&self, table: DeTable<'i>, faults: &mut Vec<Fault>) -> DeTable<'i> {
        self.table(table, self.keys, &mut Vec::new(), faults)
    }

    fn table(&self, table: DeTable<'i>, keys: &[Key], path: &mut Path<'i>, faults: &mut Vec<Fault>) -> DeTable<'i> {
        let mut good = DeTable::new();
        for (name, value) in table {
            let Some(key) = keys.iter().find(|key| key.name == *name.get_ref()) else {
                faults.push(self.unknown(&name, keys, path));
                continue;
            };
            path.push(name.clone());
            let kept = self.value(value, &key.kind, path, faults);
            path.pop();
            if let Some(kept) = kept {
                good.insert(name, kept);
            }
        }
        good
    }

    fn value(
        &self,
        value: Spanned<DeValue<'i>>,
        kind: &Kind,
        path: &mut Path<'i>,
        faults: &mut Vec<Fault>,
    ) -> Option<Spanned<DeValue<'i>>> {
        let span = value.span();
        match (kind, value.get_ref()) {
            (Kind::Table(keys), DeValue::Table(_)) => {
                let DeValue::Table(table) = value.into_inner() else { return None };
                let good = self.table(table, keys, path, faults);
                Some(Spanned::new(span, DeValue::Table(good)))
            }
            (Kind::Settings, DeValue::Table(_)) => {
                let DeValue::Table(table) = value.into_inner() else { return None };
                let mut good = DeTable::new();
                for (name, value) in table {
                    path.push(name.clone());
                    if let Some(kept) = self.value(value, &Kind::Setting, path, faults) {
                        good.insert(name, kept);
                    }
                    path.pop();
                }
                Some(Spanned::new(span, DeValue::Table(good)))
            }
            // serde would also read a table from a list, value by value in the order of the fields: nobody means that.
            (Kind::Table(_) | Kind::Settings, _) => {
                faults.push(wrong(self.file, span, path, value.get_ref(), kind, ""));
                None
            }
            (Kind::Setting, other) if !matches!(other, DeValue::String(_) | DeValue::Table(_)) => {
                faults.push(wrong(self.file, span, path, other, kind, ""));
                None
            }
            _ => match self.alone(&value, path) {
                Ok(_) if is_too_long(kind, value.get_ref()) => {
                    faults.push(wrong(self.file, span, path, value.get_ref(), kind, ""));
                    None
                }
                Ok(_) => Some(value),
                Err(error) => {
                    let inner = error.span().filter(|inner| inner.start >= span.start && inner.end <= span.end);
                    faults.push(wrong(self.file, inner.unwrap_or(span), path, value.get_ref(), kind, error.message()));
                    None
                }
            },
        }
    }

    /// Reads a document that holds this value and no other.
    fn alone(&self, value: &Spanned<DeValue<'i>>, path: &[Spanned<DeString<'i>>]) -> Result<T, toml::de::Error> {
        let span = value.span();
        let mut document = value.clone();
        for (depth, key) in path.iter().enumerate().rev() {
            let mut table = if depth == 0 { self.base.clone() } else { DeTable::new() };
            table.insert(key.clone(), document);
            document = Spanned::new(span.clone(), DeValue::Table(table));
        }
        let DeValue::Table(table) = document.into_inner() else { return T::deserialize(Deserializer::parse("")?) };
        T::deserialize(Deserializer::from(Spanned::new(span, table)))
    }

    fn unknown(&self, name: &Spanned<DeString<'_>>, keys: &[Key], path: &Path<'_>) -> Fault {
        let section = dotted(path);
        let message = match section.as_str() {
            "" => format!("unknown key `{}`", name.get_ref()),
            section => format!("unknown key `{}` in `{section}`", name.get_ref()),
        };
        let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        let help = match nearest(name.get_ref(), known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? Allowed: {}", known.join(", ")),
            None => match elsewhere(name.get_ref(), self.keys) {
                Some(other) => format!("did you mean `{other}`? Allowed here: {}", known.join(", ")),
                None => format!("allowed: {}", known.join(", ")),
            },
        };
        Fault::error(self.file, name.span(), message).help(help)
    }
}

fn dotted(path: &[Spanned<DeString<'_>>]) -> String {
    path.iter().map(|key| key.get_ref().as_ref()).collect::<Vec<_>>().join(".")
}

/// Whether a value is a span of time beyond what anybody plans for: clocks end somewhere.
fn is_too_long(kind: &Kind, value: &DeValue<'_>) -> bool {
    *kind == Kind::Span && value.as_str().and_then(|text| text.parse().ok()).is_some_and(|span: Span| span > LONGEST)
}

/// A key of this name in another section.
fn elsewhere(name: &str, keys: &[Key]) -> Option<String> {
    super::keys::leaves(keys).into_iter().find(|path| path.last() == Some(&name)).map(|path| path.join("."))
}

/// The known word that was probably meant.
pub(crate) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' ', '.'], "_");
    let written = plain(written);
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    known
        .map(|word| (strsim::damerau_levenshtein(&written, &plain(word)), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, word)| word)
}

fn wrong(file: usize, span: Range<usize>, path: &Path<'_>, value: &DeValue<'_>, kind: &Kind, serde: &str) -> Fault {
    let key = dotted(path);
    let allowed = format!("write {}", kind.allowed());
    let fault = |message: String| Fault::error(file, span.clone(), message);
    match (kind, value) {
        (Kind::Span, DeValue::String(text)) if is_too_long(kind, value) => {
            fault(format!("`{key}`: {:?} is longer than ten years", short(text)))
                .help(format!("write {LONGEST} at most"))
        }
        (Kind::Span, DeValue::String(text)) => {
            fault(format!("`{key}`: {:?} is not a span of time", short(text))).help(allowed)
        }
        (Kind::Size, DeValue::String(text)) => fault(format!("`{key}`: {:?} is not a size", short(text))).help(allowed),
        (Kind::OneOf(words), DeValue::String(text)) => {
            let help = match nearest(text, words.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near:?}? Allowed: {}", kind.allowed()),
                None => allowed,
            };
            fault(format!("`{key}`: {:?} is not one of the values", short(text))).help(help)
        }
        (Kind::Whole { min, max }, DeValue::Integer(number)) => match number.to_string().parse::<i128>() {
            Ok(number) if number < i128::from(*min) => {
                fault(format!("`{key}` must be at least {min}, not {number}")).help(allowed)
            }
            Ok(number) if number > i128::from(*max) => {
                fault(format!("`{key}` must be at most {max}, not {number}")).help(allowed)
            }
            _ => fault(format!("`{key}`: {serde}")).help(allowed),
        },
        // The value may be a secret: nothing of it is repeated.
        (Kind::Setting, DeValue::Table(_)) => {
            fault(format!("`{key}`: this says neither a value nor where one is kept")).help(allowed)
        }
        (Kind::Date, DeValue::String(text)) => fault(format!("`{key}`: {:?} is not a date", short(text))).help(allowed),
        (Kind::Selectors, DeValue::Array(_)) => fault(format!("`{key}`: {serde}")).help(allowed),
        (Kind::Text | Kind::Other, DeValue::String(_)) | (Kind::List(_), DeValue::Array(_)) => {
            fault(format!("`{key}`: {serde}"))
        }
        (Kind::List(item), DeValue::Table(_)) if matches!(**item, Kind::Table(_)) => {
            fault(format!("`{key}` is a list: its heading has two brackets")).help(format!("write `[[{key}]]`"))
        }
        _ => fault(format!("`{key}`: {} cannot stand here", a(value))).help(allowed),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a value is, in words.
pub(crate) fn a(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "a yes or no",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
