//! What follows a marker belongs to it: after "Leave a Reply" comes a form, after "Most Popular" a list of other articles. Short
//! and linked blocks go with the marker; running text that follows is kept, for nobody knows whose it is.

use crate::form::Form;

/// How far a marker reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// No marker was met.
    #[default]
    Nothing,
    /// A list inside the article: until the first sentence.
    List,
    /// The end of the page: until the next running paragraph.
    End,
}

impl Reach {
    /// The rule that takes a block out, while the marker reaches it; `next_runs` = a running paragraph follows right after.
    pub(crate) fn takes(
        self,
        form: &Form,
        link_density: f32,
        running: bool,
        heading: bool,
        next_runs: bool,
    ) -> Option<&'static str> {
        if running || (heading && next_runs) {
            return None;
        }
        match self {
            Self::Nothing => None,
            Self::List if !heading && (link_density > 0.5 || (!form.sentence && form.words <= 20)) => Some("cut/list"),
            Self::List => None,
            Self::End => Some("cut/end"),
        }
    }
}
