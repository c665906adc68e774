//! SSO: cached tokens, their renewal, and the device flow against a server on the loopback through the real transport.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::fake::{Fake, Home, Reply, environment, scope};
use super::*;
use crate::providers::aws::SignIn;
use crate::providers::aws::credentials::token;

const SESSION: &str = "[profile a]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ro\n\
    [profile b]\nsso_session = corp\nsso_account_id = 444455556666\nsso_role_name = ro\n\
    [profile old]\nsso_start_url = https://old/start\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = ro\n\
    [sso-session corp]\nsso_start_url = https://corp/start\nsso_region = eu-west-1\n";

fn cached(home: &Home, key: &str, token: &str) {
    let name = key_file(key);
    home.write(&format!(".aws/sso/cache/{name}"), token);
}

fn key_file(key: &str) -> String {
    let session = crate::providers::aws::chain::SsoSession {
        name: Some(key.to_owned()),
        start_url: String::new(),
        region: String::new(),
        scopes: Vec::new(),
    };
    let variables = [("HOME".to_owned(), "/h".to_owned())].into_iter().collect();
    token::path(&variables, &session).unwrap().file_name().unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cached_token_buys_role_credentials_in_both_forms() {
    let home = Home::new(SESSION);
    cached(&home, "corp", r#"{"accessToken":"tok-new","expiresAt":"2099-01-01T00:00:00Z"}"#);
    cached(&home, "https://old/start", r#"{"accessToken":"tok-old","expiresAt":"2099-01-01T00:00:00UTC"}"#);
    let fake = Fake::default();
    let list = vec![environment("a", Some("a")), environment("old", Some("old"))];
    let environments = fake.environments(list, home.variables());
    environments.env(&scope("a")).await.unwrap();
    environments.env(&scope("old")).await.unwrap();
    let signed = fake.signed();
    assert_eq!(signed[0], "GetRoleCredentials by nobody in nobody");
    assert_eq!(signed[1], "GetCallerIdentity by ASIASSO in eu-central-1");
    assert!(fake.seen()[0].uri.starts_with("https://portal.sso.eu-west-1.amazonaws.com/federation/credentials"));
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_once_and_cached() {
    let home = Home::new(SESSION);
    let soon = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(60)).unwrap();
    let token = format!(
        r#"{{"startUrl":"https://corp/start","accessToken":"old","expiresAt":"{}","refreshToken":"r1","clientId":"i","clientSecret":"s","registrationExpiresAt":"2099-01-01T00:00:00Z"}}"#,
        soon.strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    cached(&home, "corp", &token);
    let fake = Fake::default();
    fake.answer("CreateToken", Reply::json(r#"{"accessToken":"new","expiresIn":3600,"refreshToken":"r2"}"#));
    fake.delay("CreateToken", Duration::from_millis(50));
    let list = vec![environment("a", Some("a")), environment("b", Some("b"))];
    let environments = fake.environments(list, home.variables());
    let (a, b) = (scope("a"), scope("b"));
    let (a, b) = tokio::join!(environments.env(&a), environments.env(&b));
    a.unwrap();
    b.unwrap();
    assert_eq!(fake.seen().iter().filter(|seen| seen.operation == "CreateToken").count(), 1);
    let kept = std::fs::read_to_string(home.path().join(".aws/sso/cache").join(key_file("corp"))).unwrap();
    assert!(
        kept.contains(r#""accessToken":"new""#) && kept.contains(r#""refreshToken":"r2""#) && kept.contains("startUrl"),
        "{kept}"
    );
}

#[tokio::test]
async fn an_ended_session_says_how_to_renew_it_and_revives() {
    let home = Home::new(SESSION);
    let fake = Fake::default();
    let list = vec![environment("a", Some("a")), environment("b", Some("b"))];
    let environments = fake.environments(list, home.variables());
    let fault = environments.env(&scope("a")).await.unwrap_err();
    assert_eq!(fault.summary, "the SSO session corp has ended");
    let renew = Some("aws sso login --profile a".to_owned());
    assert_eq!(fault.class, FaultClass::Expired { renew: renew.clone(), sign_in: true });
    // What a service says about credentials of the environment is completed, too.
    let bare = Fault::new(FaultClass::Expired { renew: None, sign_in: false }, "x");
    assert_eq!(environments.explain(bare, "a").class, FaultClass::Expired { renew, sign_in: true });
    assert!(fake.seen().is_empty());

    cached(&home, "corp", r#"{"accessToken":"t","expiresAt":"2099-01-01T00:00:00Z"}"#);
    let revived = environments.changed_tokens().await;
    assert_eq!(revived.iter().map(|name| &**name).collect::<Vec<_>>(), ["a"]);
    environments.env(&scope("a")).await.unwrap();
}

#[tokio::test]
async fn a_token_that_is_refused_is_an_ended_session() {
    let home = Home::new(SESSION);
    cached(&home, "corp", r#"{"accessToken":"t","expiresAt":"2099-01-01T00:00:00Z"}"#);
    let fake = Fake::default();
    fake.answer("GetRoleCredentials", Reply::error(401, "UnauthorizedException", "Session token not found or invalid"));
    let environments = fake.environments(vec![environment("a", Some("a"))], home.variables());
    let fault = environments.env(&scope("a")).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::Expired { sign_in: true, .. }), "{fault:?}");
    fake.answer("GetRoleCredentials", Reply::error(403, "ForbiddenException", "No access"));
    environments.forget("a");
    let fault = environments.env(&scope("a")).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::Denied { .. }), "{fault:?}");
}

/// An OIDC and STS server on the loopback: the third question for the token is answered with it.
async fn serve(log: Arc<Mutex<Vec<String>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let url = address.clone();
    tokio::spawn(async move {
        let mut asked = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            let line = request.lines().next().unwrap_or_default().to_owned();
            let (status, body) = match line.split(' ').nth(1).unwrap_or_default() {
                "/client/register" => {
                    (200, r#"{"clientId":"cid","clientSecret":"cs","clientSecretExpiresAt":4070908800}"#.to_owned())
                }
                "/device_authorization" => (
                    200,
                    format!(
                        r#"{{"deviceCode":"dc","userCode":"ABCD-EFGH","verificationUri":"{url}/v","verificationUriComplete":"{url}/v?c=ABCD","expiresIn":600,"interval":1}}"#
                    ),
                ),
                "/token" => {
                    asked += 1;
                    if asked < 3 {
                        (
                            400,
                            r#"{"error":"authorization_pending","__type":"AuthorizationPendingException"}"#.to_owned(),
                        )
                    } else {
                        (
                            200,
                            r#"{"accessToken":"given","expiresIn":3600,"refreshToken":"rt","tokenType":"Bearer"}"#
                                .to_owned(),
                        )
                    }
                }
                _ => (404, "{}".to_owned()),
            };
            log.lock().unwrap().push(format!("{line} {}", request.rsplit("\r\n\r\n").next().unwrap_or_default()));
            let kind = if status == 400 { "x-amzn-errortype: AuthorizationPendingException\r\n" } else { "" };
            let head = format!(
                "HTTP/1.1 {status} X\r\n{kind}content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    address
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap();
        request.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) || count == 0 {
                return text;
            }
        }
    }
}

#[tokio::test]
async fn signing_in_by_the_device_flow() {
    let home = Home::new(SESSION);
    let log = Arc::new(Mutex::new(Vec::new()));
    let url = serve(Arc::clone(&log)).await;
    let variables = home.variables_with(&[("AWS_ENDPOINT_URL", &url)]);
    let list = vec![environment("a", Some("a")), environment("b", Some("b"))];
    let environments = Environments::new(list, Source::Files { variables, pins: None }, Vec::new());
    for name in ["a", "b"] {
        assert!(matches!(
            environments.env(&scope(name)).await.unwrap_err().class,
            FaultClass::Expired { sign_in: true, .. }
        ));
    }
    let (tell, mut told) = mpsc::channel(8);
    let revived = environments.sign_in("a", tell).await.unwrap();
    assert_eq!(revived.iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "b"]);
    let open = SignIn::Open { url: format!("{url}/v?c=ABCD"), code: "ABCD-EFGH".to_owned() };
    let mut steps = Vec::new();
    while let Some(step) = told.recv().await {
        steps.push(step);
    }
    assert_eq!(steps, [open, SignIn::Waiting, SignIn::Waiting, SignIn::Done]);
    let kept = std::fs::read_to_string(home.path().join(".aws/sso/cache").join(key_file("corp"))).unwrap();
    for part in [
        r#""accessToken":"given""#,
        r#""refreshToken":"rt""#,
        r#""clientId":"cid""#,
        r#""startUrl":"https://corp/start""#,
        r#""registrationExpiresAt":"2099-01-01T00:00:00Z""#,
    ] {
        assert!(kept.contains(part), "{part} in {kept}");
    }
    let log = log.lock().unwrap().clone();
    assert!(log[0].contains(r#""scopes":["sso:account:access"]"#), "{log:?}");
}

#[tokio::test]
async fn nobody_listening_gives_the_sign_in_up() {
    let home = Home::new(SESSION);
    let url = serve(Arc::default()).await;
    let variables = home.variables_with(&[("AWS_ENDPOINT_URL", &url)]);
    let environments =
        Environments::new(vec![environment("a", Some("a"))], Source::Files { variables, pins: None }, Vec::new());
    let (tell, told) = mpsc::channel(8);
    drop(told);
    assert_eq!(environments.sign_in("a", tell).await.unwrap_err().summary, "the sign-in was given up");
}

#[tokio::test]
async fn only_sso_environments_sign_in() {
    let home = Home::new(super::KEYS);
    let fake = Fake::default();
    let environments = fake.environments(vec![environment("web", Some("web"))], home.variables());
    let (tell, _told) = mpsc::channel(1);
    let fault = environments.sign_in("web", tell).await.unwrap_err();
    assert_eq!(fault.class, FaultClass::Invalid);
    assert_eq!(
        fault.summary,
        "web has no SSO session to sign in to: its keys stand in the AWS files, and new ones there are used at once"
    );
}
