//! Signing in to an SSO session by its device flow: the person opens an address and compares a code, here the token is waited for
//! and cached. Opens no browser itself.

use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::chain::SsoSession;
use super::credentials::token::{Registration, Token};
use super::credentials::{Resolver, sso};
use super::fault::{fault, invalid};
use crate::model::{Fault, FaultClass, text};

/// How far a sign-in has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The person must open this address, in any browser, and compare the code.
    Open {
        /// Address with the code in it.
        url: String,
        /// The code to compare.
        code: String,
    },
    /// Nothing has been confirmed yet.
    Waiting,
    /// Signed in; the token is cached.
    Done,
}

/// A device that may be confirmed.
struct Device {
    code: String,
    interval: Duration,
    ends: Instant,
}

/// Signs in, unless someone has while this waited for its turn. Gives up when nobody listens any more.
pub async fn sign_in(resolver: &Resolver<'_>, session: &SsoSession, tell: &mpsc::Sender<SignIn>) -> Result<(), Fault> {
    let variables = &resolver.settings.variables;
    let before = Token::load(variables, session).await.map(|token| token.access_token);
    let lock = resolver.locks.signing_in(session);
    let _turn = lock.lock().await;
    let cached = Token::load(variables, session).await;
    let done_meanwhile = cached
        .as_ref()
        .is_some_and(|token| token.lasts(Duration::from_mins(1)) && Some(&token.access_token) != before.as_ref());
    if !done_meanwhile {
        let client = sso::oidc(resolver, session);
        let registration = match cached.and_then(|token| token.registration()) {
            Some(registration) => registration,
            None => register(&client, session).await?,
        };
        let device = authorize(&client, session, &registration, tell).await?;
        let token = wait(&client, session, &registration, device, tell).await?;
        // Credentials that are given stand on no token: there is nobody to keep it for.
        if resolver.settings.given.is_none() {
            token.save(variables, session).await?;
        }
    }
    let _ = tell.send(SignIn::Done).await;
    Ok(())
}

async fn register(client: &aws_sdk_ssooidc::Client, session: &SsoSession) -> Result<Registration, Fault> {
    const OP: &str = "sso-oidc:RegisterClient";
    let scopes = (!session.scopes.is_empty()).then(|| session.scopes.clone());
    let answer = client
        .register_client()
        .client_name("quarterdeck")
        .client_type("public")
        .set_scopes(scopes)
        .send()
        .await
        .map_err(|error| fault(OP, &error))?;
    let expires =
        Timestamp::from_second(answer.client_secret_expires_at).map_err(|_| invalid(OP, "end of the registration"))?;
    match (answer.client_id, answer.client_secret) {
        (Some(id), Some(secret)) => Ok(Registration { id, secret, expires }),
        _ => Err(invalid(OP, "client id")),
    }
}

/// Asks for a device code and tells where it is to be confirmed.
async fn authorize(
    client: &aws_sdk_ssooidc::Client,
    session: &SsoSession,
    registration: &Registration,
    tell: &mpsc::Sender<SignIn>,
) -> Result<Device, Fault> {
    const OP: &str = "sso-oidc:StartDeviceAuthorization";
    let answer = client
        .start_device_authorization()
        .client_id(&registration.id)
        .client_secret(&registration.secret)
        .start_url(&session.start_url)
        .send()
        .await
        .map_err(|error| fault(OP, &error))?;
    let code = answer.device_code.ok_or_else(|| invalid(OP, "device code"))?;
    let url = answer.verification_uri_complete.or(answer.verification_uri).ok_or_else(|| invalid(OP, "address"))?;
    let shown = SignIn::Open {
        url: text::clean(&url).into_owned(),
        code: text::clean(answer.user_code.as_deref().unwrap_or_default()).into_owned(),
    };
    tell.send(shown).await.map_err(|_| given_up())?;
    let seconds = |number: i32, at_least: u64| Duration::from_secs(u64::try_from(number).unwrap_or(0).max(at_least));
    Ok(Device { code, interval: seconds(answer.interval, 1), ends: Instant::now() + seconds(answer.expires_in, 60) })
}

/// Asks for the token until the person has confirmed.
async fn wait(
    client: &aws_sdk_ssooidc::Client,
    session: &SsoSession,
    registration: &Registration,
    mut device: Device,
    tell: &mpsc::Sender<SignIn>,
) -> Result<Token, Fault> {
    const OP: &str = "sso-oidc:CreateToken";
    while Instant::now() < device.ends {
        tokio::select! {
            () = tokio::time::sleep(device.interval) => {}
            () = tell.closed() => return Err(given_up()),
        }
        let answer = client
            .create_token()
            .client_id(&registration.id)
            .client_secret(&registration.secret)
            .grant_type("urn:ietf:params:oauth:grant-type:device_code")
            .device_code(&device.code)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let access = answer.access_token.ok_or_else(|| invalid(OP, "accessToken"))?;
                return Ok(Token::new(session, registration, access, answer.expires_in, answer.refresh_token));
            }
            Err(error) => match error.code() {
                Some("AuthorizationPendingException") => {}
                Some("SlowDownException") => device.interval += Duration::from_secs(5),
                Some("ExpiredTokenException") => break,
                Some("AccessDeniedException") => {
                    let class = FaultClass::Denied { permission: None };
                    return Err(Fault::new(class, "the sign-in was refused in the browser"));
                }
                _ => return Err(fault(OP, &error)),
            },
        }
        tell.send(SignIn::Waiting).await.map_err(|_| given_up())?;
    }
    Err(Fault::new(FaultClass::TimedOut, "nobody confirmed the sign-in in time"))
}

fn given_up() -> Fault {
    Fault::new(FaultClass::TimedOut, "the sign-in was given up")
}
