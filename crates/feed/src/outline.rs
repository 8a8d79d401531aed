//! A JSON document as far as a feed needs it. A tree of values weighs up to forty times its text, so none is made of the whole: the feed's few
//! own fields are taken, its items are cut out as slices, and the rest is passed over.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::MOST_ITEMS;

/// A field or an item of more bytes than this is not read.
const LONGEST: usize = 2 << 20;

/// The fields of a feed itself that are read.
const FIELDS: [&str; 9] =
    ["version", "title", "home_page_url", "feed_url", "language", "author", "authors", "hubs", "description"];

/// What stands in a document.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    /// The feed's own fields.
    pub(crate) fields: Map<String, Value>,
    /// Its `items`, where it has some.
    pub(crate) items: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Outline<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Outline<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Outline<'de>, M::Error> {
                let mut outline = Outline::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "items" {
                        outline.items = Some(map.next_value()?);
                    } else if FIELDS.contains(&key.as_str()) {
                        let raw: &RawValue = map.next_value()?;
                        outline.fields.extend(read(raw).map(|value| (key, value)));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(outline)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The items of a list, as slices, and how many stand beyond [`MOST_ITEMS`].
#[derive(Debug, Default)]
pub(crate) struct Slices<'a> {
    pub(crate) slices: Vec<&'a RawValue>,
    pub(crate) left_out: usize,
}

impl<'de> Deserialize<'de> for Slices<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Slices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Slices<'de>, S::Error> {
                let mut found = Slices::default();
                while found.slices.len() < MOST_ITEMS {
                    let Some(slice) = list.next_element()? else { return Ok(found) };
                    found.slices.push(slice);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    found.left_out += 1;
                }
                Ok(found)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// The value that a slice holds; `None` where it is longer than anybody writes, or nests deeper.
pub(crate) fn read(slice: &RawValue) -> Option<Value> {
    (slice.get().len() <= LONGEST).then(|| serde_json::from_str(slice.get()).ok()).flatten()
}
