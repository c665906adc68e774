//! What the files of the actions share: the frame of a plan, steps, commands to paste, and watching something until it is done. Knows no
//! action of its own.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, sleep};

use super::Op;
use crate::guard::Watching;
use crate::model::{
    ActionId, Fault, FaultClass, FieldChange, Fields, Followed, Headway, Order, Plan, Precondition, ResourceId, Risk,
    Seen, Step, Target, Undo, Value, Verdict, text,
};
use crate::providers::{Acting, Env};

/// A plan that changes nothing yet: whose, on what, and when. What is missing is filled in by the action.
pub(super) fn plan(acting: &Acting, action: ActionId, id: &ResourceId, fields: &Fields, arn: Option<&str>) -> Plan {
    let id = Arc::new(id.clone());
    let name = id.id.split_once(':').map_or(&*id.id, |(_, name)| name);
    Plan {
        order: Order { action, target: Arc::clone(&id), fields: fields.clone() },
        title: "".into(),
        target: Target {
            name: text::clean(name).into(),
            arn: arn.map(|arn| text::clean(arn).into()),
            identity: Arc::clone(&acting.env.identity),
            id,
        },
        changes: Vec::new(),
        preconditions: Vec::new(),
        affects: Vec::new(),
        steps: Vec::new(),
        risk: Risk::Critical,
        number: None,
        phrase: None,
        undo: Undo::No("nothing is known that takes it back".into()),
        command: "".into(),
        made_at: Timestamp::now(),
    }
}

/// A step in the region of the acting clients.
pub(super) fn step(acting: &Acting, operation: Op, words: impl Into<Arc<str>>, input: &Json, seen: Seen) -> Step {
    let input = input.as_object().cloned().unwrap_or_else(Map::new);
    let Env { scope, identity, .. } = &acting.env;
    Step { operation, words: words.into(), scope: scope.clone(), input, seen, sender: Arc::clone(identity) }
}

/// A field that changes from one text to another.
pub(super) fn change(field: &str, from: Option<&str>, to: Option<&str>) -> FieldChange {
    FieldChange { field: field.into(), from: Value::maybe(from), to: Value::maybe(to) }
}

/// A precondition that either holds or stops the action.
pub(super) fn must(name: &str, holds: bool, evidence: impl AsRef<str>) -> Precondition {
    Precondition::new(name, if holds { Verdict::Pass } else { Verdict::Fail }, evidence)
}

/// A precondition that either holds or is worth a warning.
pub(super) fn should(name: &str, holds: bool, evidence: impl AsRef<str>) -> Precondition {
    Precondition::new(name, if holds { Verdict::Pass } else { Verdict::Warn }, evidence)
}

/// A precondition that could not be read, and why.
pub(super) fn untold(name: &str, fault: &Fault) -> Precondition {
    Precondition::new(name, Verdict::Unknown, format!("could not be told: {fault}"))
}

/// What a step's input says for a parameter.
pub(super) fn text_of<'a>(step: &'a Step, parameter: &str) -> Option<&'a str> {
    step.input.get(parameter).and_then(Json::as_str)
}

/// The texts that a step's input lists for a parameter; `None` where it says nothing.
pub(super) fn texts_of(step: &Step, parameter: &str) -> Option<Vec<String>> {
    let list = step.input.get(parameter)?.as_array()?;
    Some(list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
}

/// What a step's input says for a parameter that is on or off.
pub(super) fn flag_of(step: &Step, parameter: &str) -> Option<bool> {
    step.input.get(parameter).and_then(Json::as_bool)
}

/// A field that was given and is not blank.
pub(super) fn given<'a>(fields: &'a Fields, field: &str) -> Option<&'a str> {
    fields.get(field).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// The same for one that must be there.
pub(super) fn wanted<'a>(fields: &'a Fields, field: &str) -> Result<&'a str, Fault> {
    given(fields, field).ok_or_else(|| Fault::new(FaultClass::Invalid, format!("`--{field}` is missing")))
}

/// What a plan can't do without, and what it only tells if that is there by then: evidence that may take many questions must not
/// keep the operator waiting.
pub(super) async fn meanwhile<T, E>(
    reads: impl Future<Output = T>,
    evidence: impl Future<Output = E>,
) -> (T, Option<E>) {
    match select(pin!(evidence), pin!(reads)).await {
        Either::Left((evidence, reads)) => (reads.await, Some(evidence)),
        Either::Right((read, _)) => (read, None),
    }
}

/// An `aws` command to paste, in the environment's profile and region.
pub(super) fn aws_command(acting: &Acting, words: &str, flags: &[(&str, &str)]) -> Arc<str> {
    aws_command_at(acting.profile.as_deref(), &acting.env.scope.region, words, flags)
}

/// The same in another profile and region.
pub(super) fn aws_command_at(profile: Option<&str>, region: &str, words: &str, flags: &[(&str, &str)]) -> Arc<str> {
    let mut command = format!("aws {words}");
    let profile = profile.map(|profile| ("profile", profile));
    let region = ("region", region);
    for (flag, value) in flags.iter().copied().chain(profile).chain([region]) {
        command.push_str(" --");
        command.push_str(flag);
        if !value.is_empty() {
            command.push(' ');
            command.push_str(&shell_words::quote(value));
        }
    }
    command.into()
}

/// Between two looks at something that is being followed.
const LOOK: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(3) };
/// So many looks in a row may fail before following is given up.
const FAILURES: usize = 10;
/// Throttling and broken connections are normal in an incident: they are waited out for so long.
const BLIND: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::from_mins(8) };
/// The pauses between looks that fail grow up to this.
const LONGEST: Duration = if cfg!(test) { Duration::from_millis(4) } else { Duration::from_secs(30) };
/// What was sent may be read as it was before for a while: so many looks it may seem as if nothing had begun.
pub(super) const BEGINNING: u32 = 10;

/// What a look at something that is being followed has found.
pub(super) enum Stand {
    /// It is under way.
    Going(Headway),
    /// It has ended.
    Ended(Followed),
}

/// Under way, in words.
pub(super) fn going(words: impl Into<Arc<str>>, percent: Option<u8>) -> Stand {
    Stand::Going(Headway { words: words.into(), percent })
}

/// What was wanted is so.
pub(super) fn verified(words: impl Into<Arc<str>>) -> Stand {
    Stand::Ended(Followed::Verified(words.into()))
}

/// It has ended otherwise.
pub(super) fn failed(words: impl Into<Arc<str>>) -> Stand {
    Stand::Ended(Followed::Failed(words.into()))
}

/// Whether what was sent can be seen yet.
#[derive(Default)]
pub(super) struct Beginning(AtomicU32);

impl Beginning {
    /// Whether a look that finds everything as it was before may come too early. Once something else was found it never may.
    pub(super) fn is_early(&self, unchanged: bool) -> bool {
        if !unchanged {
            self.0.store(BEGINNING, Relaxed);
        }
        self.0.fetch_update(Relaxed, Relaxed, |looks| (looks < BEGINNING).then_some(looks + 1)).is_ok()
    }
}

/// Looks that have failed one after the other.
#[derive(Default)]
struct Failures {
    count: usize,
    since: Option<Instant>,
}

impl Failures {
    /// How long to wait after one more; `None` where it is enough.
    fn pause(&mut self, fault: &Fault) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.count += 1;
        let passes =
            matches!(fault.class, FaultClass::Unreachable | FaultClass::TimedOut | FaultClass::Throttled { .. });
        let enough = if passes { since.elapsed() >= BLIND } else { self.count >= FAILURES };
        let factor = if passes { u32::try_from(self.count).unwrap_or(u32::MAX) } else { 1 };
        (!enough).then(|| LOOK.saturating_mul(factor).min(LONGEST))
    }
}

/// Looks again and again until it has ended; gives up after `patience`.
pub(super) async fn until_ended<F>(
    patience: Duration,
    watch: Watching<'_>,
    look: impl Fn() -> F,
) -> Result<Followed, Fault>
where
    F: Future<Output = Result<Stand, Fault>>,
{
    let begun = Instant::now();
    let mut failures = Failures::default();
    let mut last = None;
    loop {
        let mut pause = LOOK;
        match look().await {
            Ok(Stand::Ended(ended)) => return Ok(ended),
            Ok(Stand::Going(headway)) => {
                failures = Failures::default();
                last = Some(Arc::clone(&headway.words));
                watch(headway);
            }
            Err(fault) => match failures.pause(&fault) {
                Some(longer) => pause = longer,
                None => return Err(fault),
            },
        }
        if begun.elapsed() > patience {
            let minutes = patience.as_secs() / 60;
            let last = last.map(|words| format!(": {words}")).unwrap_or_default();
            return Err(Fault::new(FaultClass::TimedOut, format!("it was not done within {minutes} minutes{last}")));
        }
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    async fn followed(class: FaultClass, failures: usize) -> (Result<Followed, Fault>, usize) {
        let looks = AtomicUsize::new(0);
        let look = || async {
            if looks.fetch_add(1, Relaxed) < failures {
                return Err(Fault::new(class.clone(), "no"));
            }
            Ok(verified("done"))
        };
        let followed = until_ended(Duration::from_mins(1), &|_| {}, look).await;
        (followed, looks.into_inner())
    }

    #[tokio::test]
    async fn an_incident_is_waited_out_and_anything_else_is_not() {
        let throttled = FaultClass::Throttled { until: None };
        for class in [throttled, FaultClass::Unreachable, FaultClass::TimedOut] {
            assert_eq!(followed(class, 2 * FAILURES).await, (Ok(Followed::Verified("done".into())), 2 * FAILURES + 1));
        }
        let (followed, looks) = followed(FaultClass::Denied { permission: None }, usize::MAX).await;
        assert!(followed.is_err());
        assert_eq!(looks, FAILURES);
    }

    #[tokio::test]
    async fn it_is_not_waited_for_without_an_end() {
        let begun = Instant::now();
        let (followed, _) = followed(FaultClass::Unreachable, usize::MAX).await;
        assert_eq!(followed.unwrap_err().class, FaultClass::Unreachable);
        assert!(begun.elapsed() >= BLIND);
    }

    #[test]
    fn what_has_begun_does_not_begin_again() {
        let beginning = Beginning::default();
        assert!((0..BEGINNING).all(|_| beginning.is_early(true)) && !beginning.is_early(true));
        let beginning = Beginning::default();
        assert!(beginning.is_early(true) && !beginning.is_early(false) && !beginning.is_early(true));
    }
}
