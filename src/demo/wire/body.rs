//! A body that breaks off, as a cut connection does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame};

/// The first half of a body, and then an error.
#[derive(Debug)]
struct CutBody(Option<Bytes>);

/// A body that ends in the middle.
pub fn cut(whole: &Bytes) -> SdkBody {
    SdkBody::from_body_1_x(CutBody(Some(whole.slice(..whole.len() / 2))))
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(half) => Ok(Frame::data(half)),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "connection closed before message completed")),
        }))
    }
}
