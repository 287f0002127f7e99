//! Following logs without losing any.
//!
//! Polling FilterLogEvents is the truth. Events become visible late and out of order (90 s and more have been seen), so
//! a follower reads with overlap and remembers what it has shown:
//!
//! - [`follow`]: the poller of one or more log groups: history first, then a head every second and two sweeps behind
//!   it; where it is wanted, Live Tail beside it, and queries for a group that can't be polled
//! - [`Source`], [`Clock`]: what it is given; a source reads one page, and `aws` makes a session one
//! - [`Update`]: what it tells, over a bounded channel
//! - [`Store`]: what was told, in order, bounded by bytes
//! - [`Snapshot`], [`Scan`]: rows to be read on another thread than the one that adds to them
//! - [`Filter`], [`View`]: the rows of a store that match, of all or of one request, kept up to date row by row
//! - [`Invocations`]: the invocations that the rows of a store tell of
//! - [`OneRequest`]: the events of one request, out of those of its log group
//!
//! No `aws_*` type and nothing of the screen enters here.

mod arena;
mod aws;
mod backoff;
mod continued;
mod drain;
mod filter;
mod flags;
mod follow;
mod index;
pub mod invocations;
mod live;
mod marks;
mod request;
mod seen;
mod snapshot;
mod source;
mod store;
mod update;
mod view;

pub use filter::{Filter, Kind, Layer, is_error};
pub use follow::{Control, Options, follow};
pub use invocations::{FoldScan, Folded, Invocations};
pub use marks::Marks;
pub use request::{OneRequest, rows::Reported};
pub use snapshot::{Scan, Scanned, Snapshot};
pub use source::{
    Clock, Found, LIVE_TAIL_GROUPS, LiveTail, LiveTailRequest, LiveUpdate, Page, PageRequest, RangeRequest,
    Source, SourceError, SourceErrorKind, Streams, SystemClock,
};
pub use store::{Inserted, Row, RowKey, Store};
pub use update::{Arrival, GapKind, State, Status, Transport, Update};
pub use view::View;
