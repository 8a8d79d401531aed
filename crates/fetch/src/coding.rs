//! Content codings, undone here and not in the client: it undoes the first that it finds and forgets that there were others, and what is
//! left of a body that was packed twice is then called anything but what it is.

use std::error::Error;
use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt};
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

/// What is asked for.
pub(crate) const ACCEPTED: &str = "gzip, br, zstd";
/// The largest window that a zstd frame may ask for, as a power of two (RFC 9659: 8 MiB).
const ZSTD_WINDOW: u32 = 23;
/// Decoded bytes that are taken at once.
const PIECE: usize = 16 << 10;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// The one coding that the answer names; what it says instead, where that is several, or one that nobody asked for.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let lines = headers.get_all(CONTENT_ENCODING).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
        let named: Vec<String> = lines
            .flat_map(|line| line.split(',').map(|coding| coding.trim().to_ascii_lowercase()).collect::<Vec<_>>())
            // Said by servers that mean nothing by it.
            .filter(|coding| !matches!(coding.as_str(), "" | "identity" | "none" | "utf-8"))
            .collect();
        match named.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Ok(Self::Identity),
            ["gzip" | "x-gzip"] => Ok(Self::Gzip),
            ["br"] => Ok(Self::Brotli),
            ["zstd"] => Ok(Self::Zstd),
            _ => Err(named.join(", ")),
        }
    }
}

/// Why there is no further piece.
pub(crate) enum Broken {
    /// The network's fault.
    Network(reqwest::Error),
    /// The bytes are not what the coding says.
    Coding(io::Error),
}

/// A body, decoded piece by piece.
pub(crate) enum Pieces {
    Plain(Response),
    Coded(Pin<Box<dyn AsyncRead + Send>>),
}

impl Pieces {
    /// The body of `response`, which is packed so.
    pub(crate) fn new(response: Response, coding: Coding) -> Self {
        if coding == Coding::Identity {
            return Self::Plain(response);
        }
        let packed = StreamReader::new(Box::pin(response.bytes_stream().map_err(io::Error::other)));
        Self::Coded(match coding {
            Coding::Identity | Coding::Gzip => {
                let mut decoder = GzipDecoder::new(packed);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Coding::Brotli => Box::pin(BrotliDecoder::new(packed)),
            Coding::Zstd => {
                let mut decoder = ZstdDecoder::with_params(packed, &[DParameter::window_log_max(ZSTD_WINDOW)]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        })
    }

    /// A body that somebody sends us of his own accord, as it comes.
    pub(crate) fn sent<B: Buf + Send + 'static, E: Error + Send + Sync + 'static>(
        pieces: impl Stream<Item = Result<B, E>> + Send + 'static,
    ) -> Self {
        Self::Coded(Box::pin(StreamReader::new(Box::pin(pieces.map_err(io::Error::other)))))
    }

    /// The next piece; `None` at the end. Cancel-safe as far as a read that is given up ends the body.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        match self {
            Self::Plain(response) => response.chunk().await.map_err(Broken::Network),
            Self::Coded(reader) => {
                let mut piece = BytesMut::with_capacity(PIECE);
                match reader.read_buf(&mut piece).await {
                    Ok(0) => Ok(None),
                    Ok(_) => Ok(Some(piece.freeze())),
                    Err(error) => Err(Broken::of(error)),
                }
            }
        }
    }
}

impl Broken {
    fn of(error: io::Error) -> Self {
        if !error.get_ref().is_some_and(|inner| inner.is::<reqwest::Error>()) {
            return Self::Coding(error);
        }
        let kind = error.kind();
        match error.into_inner().map(|inner| inner.downcast::<reqwest::Error>()) {
            Some(Ok(inner)) => Self::Network(*inner),
            Some(Err(inner)) => Self::Coding(io::Error::new(kind, inner)),
            None => Self::Coding(kind.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn one_coding_is_undone_and_others_or_several_are_named() {
        for (lines, expected) in [
            (&[][..], Ok(Coding::Identity)),
            (&["identity"], Ok(Coding::Identity)),
            (&["gzip"], Ok(Coding::Gzip)),
            (&[" X-GZip "], Ok(Coding::Gzip)),
            (&["br", "identity"], Ok(Coding::Brotli)),
            (&["zstd"], Ok(Coding::Zstd)),
            (&["gzip, br"], Err("gzip, br")),
            (&["gzip", "gzip"], Err("gzip, gzip")),
            (&["gzip", "br"], Err("gzip, br")),
            (&["deflate"], Err("deflate")),
        ] {
            let headers: HeaderMap =
                lines.iter().map(|line| (CONTENT_ENCODING, HeaderValue::from_static(line))).collect();
            assert_eq!(Coding::of(&headers), expected.map_err(str::to_owned), "{lines:?}");
        }
    }
}
