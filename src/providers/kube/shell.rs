//! A program that is run in a container: opened by a permitted request, which is its one step, then joined with a terminal until it
//! ends. What is typed and shown passes through and is kept nowhere.

use std::fmt;
use std::time::Duration;

use http::{Request, Uri};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, AttachParams, AttachedProcess, TerminalSize};
use kube::client::Body;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tower::{BoxError, service_fn};

use super::fault::fault;
use super::kept::Opened;
use super::reach::Reach;
use super::send::{self, never_connected};
use crate::guard::{Claim, Permit};
use crate::model::{Fault, FaultClass, Sent, Step};
use crate::providers::lend::{Loan, Size};

/// For the connection into the container.
const PATIENCE: Duration = Duration::from_secs(30);
/// What ended it comes with the end of the connection, or never.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Bytes that are passed on at once.
const PIECE: usize = 8 * 1024;

/// A program that runs in a container.
pub struct Shell {
    process: AttachedProcess,
    began: Instant,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("began", &self.began).finish_non_exhaustive()
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellEnd {
    /// Its exit code, where the server has said it.
    pub code: Option<i32>,
    /// What the server says besides.
    pub words: Option<String>,
    /// How long it ran.
    pub seconds: u64,
}

impl Reach {
    /// Starts what a step says in a container, once, and keeps the connection for who joins it by `key`.
    pub async fn open(&self, step: &Step, permit: Permit, tty: bool, key: &str) -> Sent {
        let claim = permit.claim();
        let uri = match send::request(&step.input) {
            Ok(request) => request.uri().clone(),
            Err(fault) => return Sent::Refused(fault),
        };
        let asked = timeout(PATIENCE, attached(self.client(), uri, &claim, tty)).await;
        let what = step.operation;
        match asked {
            Ok(Ok(process)) => {
                let shell = Shell { process, began: Instant::now() };
                self.kept.keep(key, Opened::Shell(shell));
                Sent::Accepted { request_id: None }
            }
            Ok(Err(error)) => {
                let found = fault(what, &error);
                let refused = matches!(&error, kube::Error::Api(status) if (400..500).contains(&status.code));
                let nothing = refused || !claim.is_spent() || never_connected(&error);
                if nothing { Sent::Refused(found) } else { Sent::Unknown(found) }
            }
            Err(_) => {
                let words = format!("{what}: no answer within {} s", PATIENCE.as_secs());
                let fault = Fault::new(FaultClass::TimedOut, words);
                if claim.is_spent() { Sent::Unknown(fault) } else { Sent::Refused(fault) }
            }
        }
    }
}

/// What kube asks for is put in the place of what the step says: path, query and claim.
async fn attached(client: &Client, uri: Uri, claim: &Claim, tty: bool) -> Result<AttachedProcess, kube::Error> {
    let (client, claim) = (client.clone(), claim.clone());
    let carrying = service_fn(move |mut request: Request<Body>| {
        let client = client.clone();
        request.extensions_mut().insert(claim.clone());
        *request.uri_mut() = uri.clone();
        async move { client.send(request).await.map_err(BoxError::from) }
    });
    let params = if tty {
        AttachParams::interactive_tty()
    } else {
        AttachParams { stdin: false, stdout: true, stderr: true, tty: false, ..AttachParams::default() }
    };
    Api::<Pod>::default_namespaced(Client::new(carrying, "default")).exec("-", ["-"], &params).await
}

impl Shell {
    /// Joins it with a terminal until it ends or the terminal is taken back.
    pub async fn join(mut self, mut loan: Loan) -> Result<ShellEnd, Fault> {
        let mut sizes = self.process.terminal_size();
        let mut resize = |(width, height)| {
            if let Some(sizes) = &mut sizes {
                drop(sizes.try_send(TerminalSize { width, height }));
            }
        };
        resize(*loan.sizes.borrow_and_update());
        let status = self.process.take_status();
        let shown = join_output(self.process.stdout(), self.process.stderr(), loan.output.clone());
        let typed = pass_typed(&mut loan, self.process.stdin(), resize);
        // What is printed last may find the terminal taken back before the end of what is typed is noticed.
        let taken_back = tokio::select! {
            () = shown => loan.output.is_closed(),
            () = typed => true,
        };
        let seconds = self.began.elapsed().as_secs();
        if taken_back {
            return Ok(ShellEnd { code: None, words: Some("it was left".to_owned()), seconds });
        }
        let status = match status {
            Some(status) => timeout(LAST_WORDS, status).await.ok().flatten(),
            None => None,
        };
        let Some(status) = status else {
            let words = format!("the connection broke after {seconds} s");
            return Err(Fault::new(FaultClass::Unreachable, words));
        };
        let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
        let said = causes.into_iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
        let code = match status.status.as_deref() {
            Some("Success") => Some(0),
            _ => said.and_then(|cause| cause.message?.parse().ok()),
        };
        let words = status.message.filter(|_| code.is_none());
        Ok(ShellEnd { code, words, seconds })
    }
}

/// Passes on what is typed, and each new size, until the terminal is taken back.
async fn pass_typed(loan: &mut Loan, mut input: Option<impl AsyncWrite + Unpin>, mut resize: impl FnMut(Size)) {
    loop {
        tokio::select! {
            typed = loan.input.recv() => {
                let Some(typed) = typed else { return };
                if let Some(input) = &mut input && input.write_all(&typed).await.is_err() {
                    return;
                }
            }
            Ok(()) = loan.sizes.changed() => resize(*loan.sizes.borrow_and_update()),
        }
    }
}

async fn join_output(
    stdout: Option<impl AsyncRead + Unpin>,
    stderr: Option<impl AsyncRead + Unpin>,
    output: tokio::sync::mpsc::Sender<Vec<u8>>,
) {
    tokio::join!(pass_on(stdout, &output), pass_on(stderr, &output));
}

async fn pass_on(from: Option<impl AsyncRead + Unpin>, output: &tokio::sync::mpsc::Sender<Vec<u8>>) {
    let Some(mut from) = from else { return };
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        if output.send(piece[..count].to_vec()).await.is_err() {
            return;
        }
    }
}
