//! A proxy between a desk and the broker that keeps one request back: the packet that arrives after its sender is dead.
//!
//! It understands of Kafka's protocol only the frame and the head of a request: length, API key, version, correlation id
//! (KIP-482 changed nothing about these).

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// A kind of request, by its API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Records for a partition.
    Produce = 0,
    /// The commit of a transaction.
    EndTransaction = 26,
}

/// What is held, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// All requests pass.
    Nothing,
    /// The next of this kind will be held.
    Next(Request),
    /// One is held.
    Holding,
    /// It was let go and has no answer yet.
    LetGo,
    /// The broker has answered it.
    Answered,
}

type State = Arc<(Mutex<Held>, Condvar)>;

/// The proxy. Dropped, it takes nobody more; who is connected stays so.
#[derive(Debug)]
pub struct Proxy {
    state: State,
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

fn lock(state: &State) -> MutexGuard<'_, Held> {
    state.0.lock().expect("no thread of the proxy panics")
}

fn set(state: &State, held: Held) {
    *lock(state) = held;
    state.1.notify_all();
}

/// Waits until `done` says so; what is held then.
fn wait(state: &State, limit: Duration, done: impl Fn(Held) -> bool) -> Held {
    let until = Instant::now() + limit;
    let mut held = lock(state);
    while !done(*held) && Instant::now() < until {
        held = state.1.wait_timeout(held, Duration::from_millis(100)).expect("no thread of the proxy panics").0;
    }
    *held
}

impl Proxy {
    /// Listens at one address and connects whoever comes to the other.
    ///
    /// # Errors
    /// Where the address is taken.
    pub fn start(listen: &str, broker: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).with_context(|| listen.to_owned())?;
        let state: State = Arc::new((Mutex::new(Held::Nothing), Condvar::new()));
        let (address, ended) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let (shared, broker, over) = (Arc::clone(&state), broker.to_owned(), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                // A broker that is away refuses; so does the proxy, by closing.
                let _ = connect(client, &broker, &shared);
            }
        });
        Ok(Self { state, address, ended, thread: Some(thread) })
    }

    /// Keeps back the next request of this kind, and all that comes behind it on its connection.
    pub fn hold(&self, request: Request) {
        set(&self.state, Held::Next(request));
    }

    /// Whether a request is kept back now.
    pub fn is_holding(&self) -> bool {
        *lock(&self.state) == Held::Holding
    }

    /// Lets the request go, whatever became of its sender, and waits until the broker has answered it.
    ///
    /// # Errors
    /// When nothing is held, or no answer comes within half a minute.
    pub fn release(&self) -> anyhow::Result<()> {
        ensure!(self.is_holding(), "nothing is held");
        set(&self.state, Held::LetGo);
        let held = wait(&self.state, Duration::from_secs(30), |held| held == Held::Answered);
        ensure!(held == Held::Answered, "the broker does not answer what was held");
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Only a caller wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Both directions, each on a thread of its own.
fn connect(client: TcpStream, broker: &str, state: &State) -> io::Result<()> {
    let broker = TcpStream::connect(broker)?;
    for stream in [&client, &broker] {
        stream.set_nodelay(true)?;
    }
    let awaited = Arc::new(Mutex::new(None));
    let (mut from, mut to) = (broker.try_clone()?, client.try_clone()?);
    let (told, expected) = (Arc::clone(state), Arc::clone(&awaited));
    std::thread::spawn(move || {
        while let Ok(frame) = frame(&mut from) {
            // The client may be dead; the broker is listened to all the same.
            let _ = to.write_all(&frame);
            let mut expected = expected.lock().expect("no thread of the proxy panics");
            if expected.is_some() && frame.get(4..8) == expected.as_deref() {
                *expected = None;
                set(&told, Held::Answered);
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to, state) = (client, broker, Arc::clone(state));
    std::thread::spawn(move || {
        while let Ok(frame) = frame(&mut from) {
            let key = frame.get(4..6).map(|key| u16::from_be_bytes([key[0], key[1]]));
            let mine = {
                let mut held = lock(&state);
                let mine = matches!(*held, Held::Next(wanted) if key == Some(wanted as u16));
                if mine {
                    *held = Held::Holding;
                }
                mine
            };
            if mine {
                wait(&state, Duration::from_secs(600), |held| held != Held::Holding);
                *awaited.lock().expect("no thread of the proxy panics") = frame.get(8..12).map(<[u8]>::to_vec);
            }
            if to.write_all(&frame).is_err() {
                break;
            }
        }
        // A client that is gone is not told on: the broker goes on believing in it, as behind a broken line.
    });
    Ok(())
}

/// The next frame, with its length in front.
fn frame(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    from.read_exact(&mut frame)?;
    let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    frame.resize(4 + length, 0);
    from.read_exact(&mut frame[4..])?;
    Ok(frame)
}
