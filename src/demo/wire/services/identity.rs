//! STS and IAM: who calls, and what the account is called.

use super::super::call::{Answer, Call};
use super::super::node::{fields, list};
use super::super::service::Service;
use super::not_offered;

pub fn answer(call: &Call<'_>) -> Answer {
    let account = call.account;
    match (call.service, call.operation) {
        (Service::Sts, "GetCallerIdentity") => Ok(fields! {
            "Arn": &account.caller.arn,
            "UserId": &account.caller.user_id,
            "Account": &account.id,
        }),
        (Service::Iam, "ListAccountAliases") => Ok(fields! {
            "AccountAliases": list([&account.alias]),
            "IsTruncated": false,
        }),
        _ => Err(not_offered(call)),
    }
}
