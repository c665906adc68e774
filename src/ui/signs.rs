//! Signs and words for health and faults: shape and word tell them apart, colour only helps.

use std::borrow::Cow;

use super::cx::Cx;
use super::theme::Role;
use crate::app::Command;
use crate::app::fleet::FleetRow;
use crate::app::nav::Sort;
use crate::model::{Fault, FaultClass, Health, Stage, text};

/// The sign of a health and its role.
pub(super) const fn health(health: Health) -> (&'static str, Role) {
    match health {
        Health::Ok => ("●", Role::Ok),
        Health::Unknown => ("○", Role::Unknown),
        Health::Progressing => ("◐", Role::Progressing),
        Health::Degraded => ("▲", Role::Degraded),
        Health::Failed => ("✖", Role::Failed),
    }
}

/// The sign of a fault and its role.
pub(super) const fn fault(fault: &Fault) -> (&'static str, Role) {
    match fault.class {
        FaultClass::Expired { .. } | FaultClass::NeedsCode { .. } => ("◷", Role::Expired),
        FaultClass::Denied { .. } => ("⊘", Role::Denied),
        FaultClass::Throttled { .. } => ("≈", Role::Throttled),
        FaultClass::Unreachable | FaultClass::TimedOut => ("≠", Role::Unreachable),
        _ => ("!", Role::Fault),
    }
}

/// The sign of an environment and its role: what is sick in it, else what keeps it from being read.
pub(super) fn environment(row: &FleetRow) -> (&'static str, Role) {
    match &row.fault {
        Some((found, _)) if !row.health.is_sick() => fault(found),
        _ => health(row.health),
    }
}

/// A fault in one line: its sign, its word, and the missing permission or else what it says.
pub(super) fn brief(said: &Fault) -> String {
    let (sign, _) = fault(said);
    let what = match &said.class {
        FaultClass::Denied { permission: Some(permission) } => permission,
        _ => &said.summary,
    };
    format!("{sign} {}: {what}", said.word())
}

/// What an operator can do about a fault.
pub(super) fn advice<'a>(fault: &'a Fault, cx: &Cx) -> Cow<'a, str> {
    let sign_in = || cx.key(&Command::SignIn, "`sign-in`");
    match &fault.class {
        FaultClass::Expired { sign_in: true, .. } => format!("{} signs in again", sign_in()).into(),
        FaultClass::Expired { renew: Some(renew), .. } => format!("run: {renew}").into(),
        FaultClass::Expired { .. } => "renew the credentials; it recovers by itself".into(),
        FaultClass::NeedsCode { .. } => format!("{} asks for its code", sign_in()).into(),
        FaultClass::Denied { permission: Some(permission) } => format!("the caller lacks {permission}").into(),
        FaultClass::Denied { .. } => "the caller lacks a permission".into(),
        FaultClass::Throttled { until: Some(until) } if *until > cx.now => {
            let at =
                if cx.state.settings.ages { text::age(*until, cx.now) } else { format!("at {}", cx.clock(*until)) };
            format!("asked again {at}").into()
        }
        FaultClass::Throttled { .. } | FaultClass::TimedOut | FaultClass::Service => "asked again by itself".into(),
        FaultClass::Unreachable => "check the network or VPN; asked again by itself".into(),
        FaultClass::NotFound => "it may have been deleted".into(),
        FaultClass::WrongAccount { expected, found } => {
            format!("expected {expected}, found {found}: its rows are withheld").into()
        }
        FaultClass::Invalid => "correct the configuration or the request".into(),
        FaultClass::Malformed | FaultClass::Bug => "the console's log has the details".into(),
    }
}

/// The sign of an order at a column's title.
pub(super) const fn order(sort: &Sort) -> &'static str {
    if sort.descending { "▼" } else { "▲" }
}

/// The words of a stage's badge and its role.
pub(super) const fn stage(stage: Option<Stage>) -> (&'static str, Role) {
    match stage {
        Some(Stage::Prod) => ("PROD", Role::StageProd),
        Some(Stage::Staging) => ("STAGING", Role::StageStaging),
        Some(Stage::Test) => ("TEST", Role::StageTest),
        Some(Stage::Dev) => ("DEV", Role::StageDev),
        None => ("NO STAGE", Role::StageNone),
    }
}
