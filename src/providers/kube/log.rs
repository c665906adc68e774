//! What containers have written and write, line by line, each with the instant that the container runtime gave it. None is longer
//! than can be shown, however long it was written.

use futures_util::io::{AsyncBufRead, AsyncBufReadExt};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use jiff::Timestamp;
use kube::core::Request;
use kube::core::subresource::LogParams;

use super::cluster::Cluster;
use super::fault::fault;
use crate::model::{Fault, FaultClass};

/// Bytes of a line that are kept: a screen shows no more.
const LONGEST: usize = 32 * 1024;

/// What is wanted of a container's log.
#[derive(Clone, Debug)]
pub struct LogAsk<'a> {
    /// Its pod's namespace.
    pub namespace: &'a str,
    /// Its pod.
    pub pod: &'a str,
    /// The container.
    pub container: &'a str,
    /// What it wrote before it was last started.
    pub previous: bool,
    /// Goes on with what is yet to be written.
    pub follow: bool,
    /// From this second on.
    pub since: Option<Timestamp>,
    /// Only so many of the last lines.
    pub last: Option<u32>,
}

/// Lines with their instants. One that follows ends when the container does.
pub type Written = BoxStream<'static, Result<(Timestamp, String), Fault>>;

impl Cluster {
    /// What a container has written, oldest first.
    pub async fn log(&self, ask: &LogAsk<'_>) -> Result<Written, Fault> {
        let LogAsk { namespace, pod, container, previous, follow, since, last } = ask;
        let params = LogParams {
            container: Some((*container).to_owned()),
            previous: *previous,
            follow: *follow,
            // The client rounds to whole seconds, up as well: what was written before that second would be lost.
            since_time: since.and_then(|since| Timestamp::from_second(since.as_second()).ok()),
            tail_lines: last.map(i64::from),
            timestamps: true,
            ..LogParams::default()
        };
        let what = format!("the log of {namespace}/{pod}/{container}");
        let request = Request::new(format!("/api/v1/namespaces/{namespace}/pods")).logs(pod, &params);
        let request = request.map_err(|error| fault(&what, &kube::Error::BuildRequest(error)))?;
        let body = self.reads.request_stream(request).await.map_err(|error| fault(&what, &error))?;
        let lines = try_unfold((Box::pin(body), what), |(mut body, what)| async move {
            let broken = |error: std::io::Error| Fault::new(FaultClass::Unreachable, format!("{what}: {error}"));
            loop {
                match line(&mut body).await.map_err(broken)? {
                    None => return Ok(None),
                    Some(bytes) => {
                        if let Some(stamped) = stamped(&bytes) {
                            return Ok(Some((stamped, (body, what))));
                        }
                    }
                }
            }
        });
        Ok(lines.boxed())
    }
}

/// The next line without its end; what is too long of it is passed over.
async fn line(body: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut begun = false;
    loop {
        let chunk = body.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(begun.then_some(line));
        }
        begun = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        line.extend_from_slice(&part[..part.len().min(LONGEST.saturating_sub(line.len()))]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        body.consume_unpin(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

/// `2026-11-21T09:00:00.123456789Z text`. What has no time (a word of the API server's in between) has no place.
fn stamped(line: &[u8]) -> Option<(Timestamp, String)> {
    let text = String::from_utf8_lossy(line);
    let (at, message) = text.split_once(' ').unwrap_or((&text, ""));
    Some((at.parse().ok()?, message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::io::Cursor;

    #[tokio::test]
    async fn lines_are_cut_and_none_is_lost() {
        let text = format!("a\n\n{}\nlast", "x".repeat(3 * LONGEST));
        let mut body = Cursor::new(text.into_bytes());
        let mut lines = Vec::new();
        while let Some(one) = line(&mut body).await.unwrap() {
            lines.push(one.len());
        }
        assert_eq!(lines, [1, 0, LONGEST, 4]);
    }

    #[test]
    fn a_line_has_its_time() {
        let (at, text) = stamped(b"2026-11-21T09:00:00.123456789Z GET / 200").unwrap();
        assert_eq!((at.subsec_nanosecond(), &*text), (123_456_789, "GET / 200"));
        assert_eq!(stamped(b"2026-11-21T09:00:00Z").unwrap().1, "");
        assert_eq!(stamped(b"unable to retrieve container logs"), None);
    }
}
