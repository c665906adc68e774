//! Role credentials of IAM Identity Center, by the cached token of the session. A token that ends is renewed while that needs no
//! person; when it does, the fault says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::Resolver;
use super::token::Token;
use crate::model::Fault;
use crate::providers::aws::chain::SsoSession;
use crate::providers::aws::fault::{expired, fault, invalid};
use crate::providers::aws::transport::Patience;

/// A token is renewed when it has less than this left.
const EARLY: Duration = Duration::from_mins(5);

/// One at a time for each SSO session: a refresh token is good once, and a person signs in once.
#[derive(Debug, Default)]
pub struct Locks(Mutex<HashMap<(&'static str, String), Lock>>);

type Lock = Arc<tokio::sync::Mutex<()>>;

impl Locks {
    /// Held while the token of a session is renewed.
    pub fn renewing(&self, session: &SsoSession) -> Lock {
        self.of("renewing", session)
    }

    /// Held while someone signs in to a session.
    pub fn signing_in(&self, session: &SsoSession) -> Lock {
        self.of("signing in", session)
    }

    fn of(&self, what: &'static str, session: &SsoSession) -> Lock {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry((what, session.key().to_owned())).or_default())
    }
}

/// The credentials of a permission set in an account.
pub async fn role_credentials(
    resolver: &Resolver<'_>,
    session: &SsoSession,
    account: &str,
    role: &str,
) -> Result<Credentials, Fault> {
    const OP: &str = "sso:GetRoleCredentials";
    let token = token(resolver, session).await?;
    let sdk = resolver.settings.sdk(&session.region, resolver.sign_in.clone(), None, Patience::SIGN_IN);
    let config = aws_sdk_sso::config::Builder::from(&sdk).interceptor(resolver.tag.clone()).build();
    let answer = aws_sdk_sso::Client::from_conf(config)
        .get_role_credentials()
        .access_token(token.access_token)
        .account_id(account)
        .role_name(role)
        .send()
        .await
        .map_err(|error| match error.code() {
            Some("UnauthorizedException") => Fault { raw: fault(OP, &error).raw, ..over(session) },
            _ => fault(OP, &error),
        })?;
    let given = answer.role_credentials.ok_or_else(|| invalid(OP, "roleCredentials"))?;
    let (Some(id), Some(secret)) = (given.access_key_id, given.secret_access_key) else {
        return Err(invalid(OP, "keys"));
    };
    let end = aws_smithy_types::DateTime::from_millis(given.expiration).try_into().ok();
    Ok(Credentials::new(id, secret, given.session_token, end, "quarterdeck"))
}

/// A token of the session that lasts: the cached one, or its successor.
async fn token(resolver: &Resolver<'_>, session: &SsoSession) -> Result<Token, Fault> {
    let variables = &resolver.settings.variables;
    let cached = Token::load(variables, session).await.ok_or_else(|| over(session))?;
    if cached.lasts(EARLY) {
        return Ok(cached);
    }
    let lock = resolver.locks.renewing(session);
    let _renewing = lock.lock().await;
    // Another environment, or the AWS command line, may have been first.
    let cached = Token::load(variables, session).await.ok_or_else(|| over(session))?;
    if cached.lasts(EARLY) {
        return Ok(cached);
    }
    match renew(resolver, session, &cached).await {
        Ok(token) => {
            if let Err(fault) = token.save(variables, session).await {
                tracing::warn!(%fault, "renewed SSO token");
            }
            Ok(token)
        }
        Err(_) if cached.lasts(Duration::ZERO) => Ok(cached),
        Err(fault) => Err(fault),
    }
}

/// The successor of a token that came with a refresh token.
async fn renew(resolver: &Resolver<'_>, session: &SsoSession, token: &Token) -> Result<Token, Fault> {
    const OP: &str = "sso-oidc:CreateToken";
    let (Some(client), Some(refresh)) = (token.registration(), &token.refresh_token) else {
        return Err(over(session));
    };
    let answer = oidc(resolver, session)
        .create_token()
        .client_id(client.id)
        .client_secret(client.secret)
        .grant_type("refresh_token")
        .refresh_token(refresh)
        .send()
        .await
        .map_err(|error| match error.code() {
            Some(
                "InvalidGrantException"
                | "ExpiredTokenException"
                | "UnauthorizedClientException"
                | "InvalidClientException",
            ) => Fault { raw: fault(OP, &error).raw, ..over(session) },
            _ => fault(OP, &error),
        })?;
    let access = answer.access_token.ok_or_else(|| invalid(OP, "accessToken"))?;
    Ok(token.renewed(access, answer.expires_in, answer.refresh_token))
}

/// A client of the session's identity centre that may only sign in.
pub fn oidc(resolver: &Resolver<'_>, session: &SsoSession) -> aws_sdk_ssooidc::Client {
    let sdk = resolver.settings.sdk(&session.region, resolver.sign_in.clone(), None, Patience::SIGN_IN);
    let config = aws_sdk_ssooidc::config::Builder::from(&sdk).interceptor(resolver.tag.clone());
    aws_sdk_ssooidc::Client::from_conf(config.build())
}

fn over(session: &SsoSession) -> Fault {
    expired(format!("the SSO session {} has ended", session.key()))
}
