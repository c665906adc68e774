//! The estate in this process, reached over loopback by ordinary AWS profiles: the program under measure holds nothing of it.

use std::fmt::Write as _;
use std::io;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use quarterdeck::demo::world::Clock;
use quarterdeck::demo::{Estate, EstateEnvironment};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The estate, served for as long as this lives.
pub struct Served {
    estate: Estate,
    runtime: Runtime,
}

impl Served {
    /// An estate to measure with: so many environments with so many services each.
    pub fn sized(environments: usize, services_each: usize) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        Self { estate: Estate::sized(7, Clock::Real, environments, services_each), runtime }
    }

    /// A home whose AWS profiles lead here, each environment to a port of its own.
    pub fn home(&self) -> TempDir {
        let home = tempfile::tempdir().expect("a home folder");
        let (mut config, mut keys) = (String::new(), String::new());
        for EstateEnvironment { name, region, .. } in self.estate.environments() {
            let port = self.serve(&name);
            writeln!(config, "[profile {name}]\nregion = {region}\nendpoint_url = http://127.0.0.1:{port}")
                .expect("text");
            writeln!(keys, "[{name}]\naws_access_key_id = AKIAESTATE\naws_secret_access_key = secret").expect("text");
        }
        std::fs::create_dir(home.path().join(".aws")).expect("a folder for AWS files");
        let write = |file: &str, text: String| std::fs::write(home.path().join(file), text);
        write(".aws/config", config).expect("the AWS configuration");
        write(".aws/credentials", keys).expect("the AWS credentials");
        home
    }

    fn serve(&self, environment: &str) -> u16 {
        let listener = self.runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (estate, environment) = (self.estate.clone(), environment.to_owned());
        self.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (estate, environment) = (estate.clone(), environment.clone());
                // Whoever leaves in the middle wants no more.
                tokio::spawn(async move { drop(converse(&estate, &environment, stream).await) });
            }
        });
        port
    }
}

/// Answers the requests of one connection, one after the other.
async fn converse(estate: &Estate, environment: &str, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufStream::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let answer =
            estate.answer(environment, request).await.map_err(|error| io::Error::other(format!("{error:?}")))?;
        write(&mut stream, answer).await?;
    }
    Ok(())
}

async fn read(stream: &mut BufStream<TcpStream>) -> io::Result<Option<HttpRequest>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method(words.next().unwrap_or_default()).map_err(io::Error::other)?;
    request.set_uri(format!("http://estate{}", words.next().unwrap_or_default())).map_err(io::Error::other)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().map_err(io::Error::other)?;
        }
        request.headers_mut().insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    *request.body_mut() = SdkBody::from(body);
    Ok(Some(request))
}

/// Writes an answer as it comes: a live tail has no end.
async fn write(stream: &mut BufStream<TcpStream>, answer: HttpResponse) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} OK\r\ntransfer-encoding: chunked\r\n", answer.status().as_u16());
    for (name, value) in answer.headers().iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
        write!(head, "{name}: {value}\r\n").expect("text");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    let mut body = answer.into_body();
    while let Some(part) = next(&mut body).await? {
        stream.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await?;
        stream.write_all(&part).await?;
        stream.write_all(b"\r\n").await?;
        stream.flush().await?;
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.flush().await
}

async fn next(body: &mut SdkBody) -> io::Result<Option<Vec<u8>>> {
    use http_body::Body as _;
    loop {
        let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx)).await;
        match frame.transpose().map_err(io::Error::other)? {
            None => return Ok(None),
            Some(frame) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data.to_vec())),
                _ => {}
            },
        }
    }
}
