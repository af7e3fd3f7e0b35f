//! A link that can be cut, between nodes that share one computer.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use anyhow::Result;

/// Passes on what comes at its port. It ends with the program.
#[derive(Debug)]
pub(super) struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    is_up: Mutex<bool>,
    changed: Condvar,
}

const UNPOISONED: &str = "the lock is sound because nobody panics while holding it";

impl State {
    fn wait_until_up(&self) {
        let is_up = self.is_up.lock().expect(UNPOISONED);
        drop(self.changed.wait_while(is_up, |is_up| !*is_up).expect(UNPOISONED));
    }
}

impl Proxy {
    /// Opens a port that leads to `to`.
    pub(super) fn start(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State { is_up: Mutex::new(true), changed: Condvar::new() });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A connection that fails has been closed by one of the nodes, and the other one sees its end.
                std::thread::spawn(move || drop(serve(stream, to, &state)));
            }
        });
        Ok(Self { port, state })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn set_up(&self, is_up: bool) {
        *self.state.is_up.lock().expect(UNPOISONED) = is_up;
        self.state.changed.notify_all();
    }
}

fn serve(from: TcpStream, to: SocketAddr, state: &Arc<State>) -> Result<()> {
    state.wait_until_up();
    let to = TcpStream::connect(to)?;
    for stream in [&from, &to] {
        stream.set_nodelay(true)?;
    }
    let (answers, asks) = (to.try_clone()?, from.try_clone()?);
    let back = Arc::clone(state);
    std::thread::spawn(move || pump(answers, asks, &back));
    pump(from, to, state);
    Ok(())
}

/// Passes bytes on until either side ends; then both do.
fn pump(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        state.wait_until_up();
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The end of a connection does not get through a link that is cut either.
    state.wait_until_up();
    for stream in [&from, &to] {
        // Fails when that side has ended already.
        drop(stream.shutdown(Shutdown::Both));
    }
}
