//! The bodies of answers: whole, cut in the middle, or streams that make their next part when they are polled.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::follow::Follow;
use super::watch::Watch;

/// A body.
pub enum ServerBody {
    /// The bytes, and whether the connection is cut after them.
    Whole(Option<Bytes>, bool),
    /// A watch.
    Watch(Box<Watch>),
    /// A log that is followed.
    Follow(Box<Follow>),
}

impl ServerBody {
    pub fn whole(bytes: Vec<u8>) -> Self {
        Self::Whole(Some(Bytes::from(bytes)), false)
    }

    /// The first half of it, and then an error.
    pub fn cut(self) -> Self {
        match self {
            Self::Whole(bytes, _) => Self::Whole(bytes.map(|bytes| bytes.slice(..bytes.len() / 2)), true),
            Self::Watch(_) | Self::Follow(_) => Self::Whole(None, true),
        }
    }
}

/// A connection that has ended in the middle.
pub fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "connection closed before message completed")
}

impl Body for ServerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            Self::Whole(bytes, cut) => Poll::Ready(match bytes.take() {
                Some(bytes) => Some(Ok(Frame::data(bytes))),
                None if std::mem::take(cut) => Some(Err(broken())),
                None => None,
            }),
            Self::Watch(watch) => watch.poll(context),
            Self::Follow(follow) => follow.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None, false))
    }
}
