//! Requests over TLS: HTTP/2 where the server offers it, and certificates that nobody vouches for.

mod scripted;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use scripted::{fetcher, settings};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wiredesk_fetch::error::{FetchClass, SetupError};
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::settings::Settings;

/// A server on `localhost` that speaks HTTP/2 only and says what it was asked. Gives its certificate as PEM.
async fn http2_server() -> (SocketAddr, String) {
    server_with(CertificateParams::new(["localhost".to_owned()]).expect("a name")).await
}

/// The same, with a certificate of its own making that says this.
async fn server_with(params: CertificateParams) -> (SocketAddr, String) {
    let signing_key = KeyPair::generate().expect("a key");
    let cert = params.self_signed(&signing_key).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a configuration");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us goes away here.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let said = format!("<p>{:?} {}", request.version(), request.uri().path());
                    let head = http::Response::builder().header("etag", "\"h2\"").body(()).expect("a head");
                    if let Ok(mut body) = respond.send_response(head, false) {
                        let _ = body.send_data(Bytes::from(said), true);
                    }
                }
            });
        }
    });
    (address, cert.pem())
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_offers_it() {
    let (address, pem) = http2_server().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("roots.pem");
    std::fs::write(&path, pem).expect("written");
    let trusting = fetcher(&Settings { extra_roots: Some(path), ..settings() });
    let url = format!("https://localhost:{}/story", address.port()).parse().expect("a url");
    let page = trusting.page(&url).await.expect("a page");
    assert_eq!(std::str::from_utf8(&page.body), Ok("<p>HTTP/2.0 /story"));
    assert_eq!(page.validators.etag.as_deref(), Some("\"h2\""));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_named() {
    let (address, _) = http2_server().await;
    let url = format!("https://localhost:{}/", address.port()).parse().expect("a url");
    let error = fetcher(&settings()).page(&url).await.expect_err("not trusted");
    assert_eq!(error.class(), FetchClass::Tls);
    assert!(error.to_string().contains("nobody we trust vouches for its certificate"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_has_run_out_or_is_for_another_name_is_named_though_its_maker_is_trusted() {
    let params = |name: &str| CertificateParams::new([name.to_owned()]).expect("a name");
    let mut expired = params("localhost");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = params("localhost");
    early.not_before = date_time_ymd(2400, 1, 1);
    for (params, why) in [
        (expired, "its certificate has expired"),
        (early, "its certificate is not valid yet"),
        (params("other.example"), "its certificate is for another name"),
    ] {
        let (address, pem) = server_with(params).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, pem).expect("written");
        let trusting = fetcher(&Settings { extra_roots: Some(path), ..settings() });
        let url = format!("https://localhost:{}/", address.port()).parse().expect("a url");
        let error = trusting.page(&url).await.expect_err(why);
        assert!(error.class() == FetchClass::Tls && error.to_string().contains(why), "{why}: {error} {error:?}");
    }
}

#[test]
fn roots_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("written");
    for path in [empty, folder.path().join("absent.pem")] {
        let error = Fetcher::new(&Settings { extra_roots: Some(path.clone()), ..settings() }).expect_err("no roots");
        assert!(matches!(&error, SetupError::BadRoots { path: named, .. } if *named == path), "{error}");
    }
}
