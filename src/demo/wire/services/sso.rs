//! SSO's OIDC service: where a person signs in. The estate has one session for all its environments, and nobody to open a browser,
//! so a sign-in confirms itself after a moment. It must not know what a sign-in ends.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::fields;
use super::not_offered;

/// As many seconds a sign-in waits for its confirmation.
const CONFIRMED_AFTER: i64 = 5;

/// And as many it could wait.
const ENDS_AFTER: i64 = 600;

/// What a token lasts.
const TOKEN: i64 = 8 * 3_600;

/// What the registration of a client lasts.
const CLIENT: i64 = 90 * 86_400;

pub fn answer(call: &Call<'_>) -> Answer {
    let now = call.account.now.as_second();
    match call.operation {
        "RegisterClient" => Ok(fields! {
            "clientId": call.required("clientName")?.to_owned(),
            "clientSecret": "built-in-estate",
            "clientSecretExpiresAt": now + CLIENT,
        }),
        "StartDeviceAuthorization" => {
            let code = format!("QDCK-{:04}", now % 10_000);
            let page = format!("https://estate.example/confirms-itself-after-{CONFIRMED_AFTER}-seconds");
            Ok(fields! {
                // It carries all that there is to know of it.
                "deviceCode": now.to_string(),
                "userCode": &code,
                "verificationUri": &page,
                "verificationUriComplete": format!("{page}?user_code={code}"),
                "expiresIn": ENDS_AFTER,
                "interval": 1_i64,
            })
        }
        "CreateToken" => match call.required("deviceCode")?.parse::<i64>().map(|began| now - began) {
            Ok(age) if !(0..=ENDS_AFTER).contains(&age) => Err(Failure::new(400, "ExpiredTokenException", "")),
            Ok(age) if age < CONFIRMED_AFTER => Err(Failure::new(400, "AuthorizationPendingException", "")),
            Ok(_) => Ok(fields! { "accessToken": "built-in-estate", "tokenType": "Bearer", "expiresIn": TOKEN }),
            Err(_) => Err(Failure::new(400, "InvalidGrantException", "")),
        },
        _ => Err(not_offered(call)),
    }
}
