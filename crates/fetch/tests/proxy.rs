//! Requests by way of a SOCKS5 proxy (RFC 1928), which resolves names itself.

mod scripted;

use scripted::{fetcher, settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wiredesk_fetch::error::FetchClass;
use wiredesk_fetch::settings::Settings;

/// What one client asked a SOCKS5 proxy for, which then answers itself.
async fn serve(listener: TcpListener, told: oneshot::Sender<(String, u16, String)>) {
    let (mut stream, _) = listener.accept().await.expect("a client");
    let methods = bytes(&mut stream, 2).await[1];
    bytes(&mut stream, methods.into()).await;
    stream.write_all(&[5, 0]).await.expect("no login needed");
    let head = bytes(&mut stream, 5).await;
    assert_eq!(head[..4], [5, 1, 0, 3], "connect, to a name that the proxy resolves");
    let name = String::from_utf8(bytes(&mut stream, head[4].into()).await).expect("a name");
    let port = bytes(&mut stream, 2).await;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.expect("connected");
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(bytes(&mut stream, 1).await);
    }
    let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n<p>by socks";
    stream.write_all(answer).await.expect("answered");
    let request = String::from_utf8(request).expect("text");
    told.send((name, u16::from_be_bytes([port[0], port[1]]), request)).expect("the test waits");
}

async fn bytes(stream: &mut TcpStream, many: usize) -> Vec<u8> {
    let mut bytes = vec![0; many];
    stream.read_exact(&mut bytes).await.expect("more");
    bytes
}

#[tokio::test]
async fn a_socks_proxy_is_used_and_told_the_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = Some(format!("socks5h://{}", listener.local_addr().expect("an address")));
    let (tell, told) = oneshot::channel();
    tokio::spawn(serve(listener, tell));
    let fetcher = fetcher(&Settings { proxy, allow_networks: vec![], ..settings() });
    let page = fetcher.page(&"http://paper.example/story".parse().expect("a url")).await.expect("by proxy");
    assert_eq!(&page.body[..], b"<p>by socks");
    let (name, port, request) = told.await.expect("asked");
    assert_eq!((name.as_str(), port), ("paper.example", 80));
    assert!(request.starts_with("GET /story HTTP/1.1\r\n"), "{request}");
    let closed = fetcher.page(&"http://10.0.0.1/".parse().expect("a url")).await.expect_err("closed");
    assert_eq!(closed.class(), FetchClass::ForbiddenAddress);
}
