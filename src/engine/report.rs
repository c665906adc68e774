//! The way back to the main loop: bounded, so that whoever has more to say than it takes in waits.

use tokio::sync::mpsc;

use super::Event;

/// Reports events. When nobody takes them any more the engine ends, so a lost event is no fault.
#[derive(Clone, Debug)]
pub(super) struct Report(mpsc::Sender<Event>);

impl Report {
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        Self(events)
    }

    /// Reports an event, when there is room.
    pub(super) async fn tell(&self, event: Event) {
        let _ = self.0.send(event).await;
    }

    /// Reports an event if there is room now: for what the next one makes worthless anyway.
    pub(super) fn hint(&self, event: Event) {
        let _ = self.0.try_send(event);
    }

    /// Nobody takes events any more.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }
}
