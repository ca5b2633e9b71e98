//! A coordinator reduced to what an installer asks it for: fixed bytes at fixed paths, 404 for the rest.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

pub struct Server {
    listener: Option<TcpListener>,
    pub url: String,
}

impl Server {
    /// Takes a port first: what is served names the address.
    pub fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        Self { listener: Some(listener), url }
    }

    /// Serves until the test's process ends.
    pub fn serve(&mut self, pages: HashMap<String, Vec<u8>>) {
        let listener = self.listener.take().expect("served once");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that went away takes nothing from the next.
                let _ = answer(&stream, &pages);
            }
        });
    }
}

fn answer(mut stream: &TcpStream, pages: &HashMap<String, Vec<u8>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = pages.get(path).map_or(("404 Not Found", &b""[..]), |body| ("200 OK", body));
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(body)
}
