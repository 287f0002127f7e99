//! Events of buckets and schedules, which go into the asynchronous queue.
//!
//! On AWS, S3 and EventBridge need a permission in the function's policy. Here whoever names the function in a trigger
//! has given it: no policy is asked.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::{
    Lambda,
    error::Error,
    functions::pending,
    names::{self, Naming, Target},
};
use crate::local::exec::Event;

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) enum NotTaken {
    /// The function is being created, or the queue is full: it can be tried again.
    Yet,
    /// There is nobody to take it, and why.
    Ever(String),
}

impl Lambda {
    /// Whether there is a function NAME or NAME:QUALIFIER.
    pub(in crate::local) fn has(&self, function: &str) -> bool {
        let Ok(Target { name, qualifier }) = self.triggered(function) else { return false };
        let qualifier = qualifier.as_deref().unwrap_or("$LATEST");
        self.functions().get(&name).is_some_and(|function| {
            function.aliases.contains_key(qualifier) || function.release(qualifier).is_some()
        })
    }

    /// Queues an event for the function NAME or NAME:QUALIFIER. What it answers goes where the answers to asynchronous
    /// invocations go.
    ///
    /// # Errors
    /// The event was not taken.
    pub(in crate::local) fn trigger(
        self: &Arc<Self>,
        function: &str,
        payload: Bytes,
    ) -> Result<(), NotTaken> {
        let ever = |error: Error| NotTaken::Ever(error.to_string());
        let target = self.triggered(function).map_err(ever)?;
        match self.chosen(&target) {
            Ok(chosen) => chosen.check_tenant(None).map_err(ever)?,
            Err(error) if error == pending() => return Err(NotTaken::Yet),
            Err(error) => return Err(ever(error)),
        }
        let target = Target { qualifier: target.qualifier.or_else(|| Some("$LATEST".to_owned())), ..target };
        let event = Event::new(Uuid::new_v4().to_string(), payload);
        self.enqueue(target, event).map_err(|_| NotTaken::Yet)
    }

    fn triggered(&self, function: &str) -> Result<Target, Error> {
        names::target(self.place(), function, None, Naming::Plain)
    }
}
