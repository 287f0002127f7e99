//! Finding the log groups that are meant: what is found becomes messages as it comes.

use tokio::sync::mpsc;

use super::executor::send;
use crate::{
    app::{Msg, Ticket},
    cloud::{Session, log_sources},
    domain::log_sources::Search,
};

/// What may wait to be told; then nothing more is read.
const WAITING: usize = 4;

/// Tells what is found, and the failure that ended it, if one did.
pub(super) async fn find(ticket: Ticket, session: Session, search: Search, messages: &mpsc::Sender<Msg>) {
    let (sender, mut news) = mpsc::channel(WAITING);
    let finding = async {
        let sender = sender;
        log_sources::find(&session, search, &sender).await
    };
    let telling = async {
        while let Some(found) = news.recv().await {
            send(messages, Msg::SourcesFound(ticket, Ok(found))).await;
        }
    };
    if let (Err(error), ()) = tokio::join!(finding, telling) {
        send(messages, Msg::SourcesFound(ticket, Err(error))).await;
    }
}
