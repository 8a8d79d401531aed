//! Between html5ever's tokenizer and its tree builder. The builder alone knows which elements hold raw text; the gate hears it from the
//! builder and stops the tokenizer there, so that scripts and styles, which are half of a news page, are stepped over and not read
//! letter by letter.

use std::cell::{Cell, RefCell};

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::TreeBuilder;
use html5ever::{LocalName, local_name};

use crate::sink::{CountingSink, Handle};

/// Where the last token left the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// A tag, a comment or a doctype has ended, and what follows is text and markup again.
    Markup,
    /// An element has begun that holds raw text.
    Raw,
    /// All characters from here on are text.
    Plain,
    /// In the middle of something that only the tokenizer knows.
    Within,
}

/// The tree builder, listened to.
pub(crate) struct Gate {
    builder: TreeBuilder<Handle, CountingSink>,
    after: Cell<After>,
    /// The name of the last start tag.
    begun: RefCell<LocalName>,
}

impl Gate {
    pub(crate) fn new(builder: TreeBuilder<Handle, CountingSink>) -> Self {
        Self { builder, after: Cell::new(After::Markup), begun: RefCell::new(local_name!("")) }
    }

    /// The sink behind the builder.
    pub(crate) fn sink(&self) -> &CountingSink {
        &self.builder.sink
    }

    /// The sink, once all has been read.
    pub(crate) fn into_sink(self) -> CountingSink {
        self.builder.sink
    }

    /// Forgets where the last token left the page.
    pub(crate) fn begin(&self) {
        self.after.set(After::Within);
    }

    /// Where the last token left the page.
    pub(crate) fn after(&self) -> After {
        self.after.get()
    }

    /// The element that began last.
    pub(crate) fn begun(&self) -> LocalName {
        self.begun.borrow().clone()
    }
}

impl TokenSink for Gate {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let ends = matches!(token, Token::TagToken(_) | Token::CommentToken(_) | Token::DoctypeToken(_));
        if let Token::TagToken(tag) = &token {
            self.begun.replace(tag.name.clone());
        }
        match self.builder.process_token(token, line) {
            TokenSinkResult::Plaintext => {
                self.after.set(After::Plain);
                TokenSinkResult::Plaintext
            }
            TokenSinkResult::RawData(RawKind::Rcdata) => {
                self.after.set(After::Within);
                TokenSinkResult::RawData(RawKind::Rcdata)
            }
            // Nobody runs a script here: to the tokenizer this is a pause, after which it reads markup.
            TokenSinkResult::RawData(_) => {
                self.after.set(After::Raw);
                TokenSinkResult::Script(())
            }
            TokenSinkResult::Continue | TokenSinkResult::Script(_) | TokenSinkResult::EncodingIndicator(_) => {
                if ends {
                    self.after.set(After::Markup);
                }
                TokenSinkResult::Continue
            }
        }
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}
