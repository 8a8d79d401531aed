//! The HTTP clients as the desk wants them: nothing is sent that was not meant, nothing is kept between requests but
//! connections, and what a server can make us hold before its body is small.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Client, Proxy, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use crate::door::{Door, Way};
use crate::error::SetupError;
use crate::resolver::{Lookup, Resolver};
use crate::settings::Settings;

/// The most a connection may take to be made, TLS included; less where `fetch.timeout` is shorter.
const CONNECT: Duration = Duration::from_secs(10);
/// Header fields of one answer (HTTP/1).
const HEADER_FIELDS: usize = 128;
/// Bytes of all header fields of one answer (RFC 9113 §6.5.2 counts them so). HTTP/2 enforces it as it reads; for HTTP/1 the
/// client's own buffer ends at about 400 KiB, and the exchange checks again.
pub(crate) const HEADER_BYTES: u32 = 64 << 10;
/// What an HTTP/2 server may send ahead on one stream, and on one connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 512 << 10;
/// Idle connections kept per host, and for how long.
const IDLE_PER_HOST: usize = 1;
const IDLE: Duration = Duration::from_secs(30);

/// The proxy that is configured, checked.
pub(crate) fn proxy_url(settings: &Settings) -> Result<Option<Url>, SetupError> {
    let Some(text) = &settings.proxy else { return Ok(None) };
    let url = Url::parse(text).map_err(|_| SetupError::BadProxy)?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") || url.host().is_none() {
        return Err(SetupError::BadProxy);
    }
    Ok(Some(url))
}

/// A client whose resolver hands out the addresses of one way only.
pub(crate) fn build(
    settings: &Settings,
    lookup: &Lookup,
    door: &Arc<Door>,
    way: Way,
    proxy: Option<&Url>,
) -> Result<Client, SetupError> {
    let agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| SetupError::BadUserAgent)?;
    if settings.user_agent.trim().is_empty() {
        return Err(SetupError::BadUserAgent);
    }
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls(settings)?)
        .user_agent(agent)
        .referer(false)
        .no_proxy()
        .redirect(redirect::Policy::none())
        // Undone in `coding`, which says what it is when there are several.
        .gzip(false)
        .brotli(false)
        .zstd(false)
        .retry(reqwest::retry::never())
        .dns_resolver(Resolver::new(lookup.clone(), door.clone(), way))
        .connect_timeout(CONNECT.min(settings.timeout.0))
        .http1_max_headers(HEADER_FIELDS)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE);
    if let Some(proxy) = proxy {
        builder = builder.proxy(Proxy::all(proxy.clone()).map_err(|_| SetupError::BadProxy)?);
    }
    builder.build().map_err(|source| SetupError::Client { source })
}

/// TLS with ring, the Mozilla roots that are compiled in and those of the operator, and HTTP/2 where the server offers it.
fn tls(settings: &Settings) -> Result<rustls::ClientConfig, SetupError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &settings.extra_roots {
        let bad = |why: String| SetupError::BadRoots { path: path.clone(), why };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))?;
        let before = roots.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| bad(error.to_string()))?;
            roots.add(certificate).map_err(|error| bad(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(bad("it holds no certificate".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| SetupError::Tls { source })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
