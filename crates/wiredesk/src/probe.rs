//! What a running daemon says of itself: `status` asks its admin server whether it is ready, for a desk that stands still does not say
//! so in its data dir.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wiredesk_model::link::printable;

/// It is on this machine, and has nothing to look up.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most that is read of an answer.
const LARGEST: u64 = 16 << 10;

/// What `/readyz` answers, in one line: "ready", or what it waits for.
pub(crate) async fn readiness(listen: SocketAddr) -> String {
    let answer = tokio::time::timeout(PATIENCE, ask(reachable(listen))).await;
    answer.ok().and_then(Result::ok).as_deref().and_then(words).unwrap_or_else(|| format!("{listen} does not answer"))
}

/// Where a server that listens there is reached from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let here = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(here, listen.port())
}

async fn ask(server: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The words of an answer as our admin server gives it: 200 when it is ready, 503 when it is not.
fn words(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let ours = ["HTTP/1.1 200 ", "HTTP/1.1 503 "].iter().any(|status| head.starts_with(status));
    let line = body.lines().next().filter(|line| !line.is_empty())?;
    ours.then(|| printable(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_the_first_line_of_an_answer_of_ours() {
        let waiting = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 9\r\n\r\nwaiting: no \u{1b}room\n";
        assert_eq!(words(waiting).as_deref(), Some("waiting: no  room"));
        assert_eq!(words("HTTP/1.1 200 OK\r\n\r\nready\n").as_deref(), Some("ready"));
        for other in ["HTTP/1.1 404 Not Found\r\n\r\nno\n", "HTTP/1.1 200 OK\r\n\r\n", "SSH-2.0", ""] {
            assert_eq!(words(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said_not_to_answer() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let listen = gone.local_addr().expect("an address");
        drop(gone);
        assert_eq!(readiness(listen).await, format!("{listen} does not answer"));
    }
}
