//! The listeners of function URLs: each opens with its configuration and closes with it, or with the engine.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Site, answer};
use crate::local::{
    http::{self, Reply},
    lambda::Lambda,
};

/// A port on 127.0.0.1, the one asked for if it is free, else any.
///
/// # Errors
/// When there is none.
pub(in crate::local) fn listen(port: u16) -> io::Result<TcpListener> {
    // As tokio binds: a port can be used again while connections of its last user still time out.
    let bind = |port| {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
        socket.listen(1024)
    };
    if port == 0 { bind(0) } else { bind(port).or_else(|_| bind(0)) }
}

/// What listens, by the URL's id.
#[derive(Debug, Default)]
pub(in crate::local) struct Doors(Mutex<HashMap<String, Door>>);

#[derive(Debug)]
struct Door {
    stop: CancellationToken,
    /// Cancelled once nobody listens any more.
    closed: CancellationToken,
    task: JoinHandle<()>,
}

impl Doors {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Door>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a listener.
    pub fn has(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Serves a URL until it is closed or `engine` stops.
    pub fn open(
        &self,
        id: &str,
        listener: TcpListener,
        site: Site,
        lambda: &Arc<Lambda>,
        engine: &CancellationToken,
    ) {
        let (stop, closed) = (engine.child_token(), CancellationToken::new());
        let task = serve(listener, site, id.to_owned(), Arc::clone(lambda), stop.clone(), closed.clone());
        let task = tokio::spawn(task);
        self.lock().insert(id.to_owned(), Door { stop, closed, task });
    }

    /// Closes a listener. Its connections are closed when what is under way is answered. What is given says when
    /// nobody listens any more, which is soon.
    pub fn close(&self, id: &str) -> Option<CancellationToken> {
        let door = self.lock().remove(id)?;
        door.stop.cancel();
        Some(door.closed)
    }

    /// Waits until all that is open has ended, the connections too.
    pub async fn ended(&self) {
        let doors: Vec<Door> = self.lock().drain().map(|(_, door)| door).collect();
        for door in doors {
            let _ = door.task.await;
        }
    }
}

async fn serve(
    listener: TcpListener,
    site: Site,
    id: String,
    lambda: Arc<Lambda>,
    stop: CancellationToken,
    closed: CancellationToken,
) {
    let door = Arc::new((lambda, site, id));
    let respond = move |request| {
        let door = Arc::clone(&door);
        async move {
            let (lambda, site, id) = &*door;
            let request_id = Uuid::new_v4().to_string();
            let reply: Reply = answer(lambda, site, id, request, &request_id).await;
            http::response(reply, request_id)
        }
    };
    let mut connections = http::accept(listener, stop, respond).await;
    closed.cancel();
    while connections.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::listen;

    #[tokio::test]
    async fn the_port_asked_for_is_had_unless_it_is_taken() {
        let port = |listener: &tokio::net::TcpListener| listener.local_addr().unwrap().port();
        let first = listen(0).unwrap();
        let taken = port(&first);
        let second = listen(taken).unwrap();
        assert!(port(&second) != taken && port(&second) != 0);
        drop(first);
        assert_eq!(port(&listen(taken).unwrap()), taken);
    }
}
