//! Activities of Auto Scaling groups, newest first until the window ends.

use std::sync::{Mutex, PoisonError};

use aws_sdk_autoscaling::types::{Activity, ScalingActivityStatusCode};
use jiff::Timestamp;

use super::{Change, ChangeSource, Line, Told, change};
use crate::kinds::asg::{ACTIVITIES, sentence};
use crate::kinds::{Op, parts};
use crate::model::{ResourceId, Scope};
use crate::providers::Env;
use crate::providers::aws::{fault, pages};

/// What is called here.
pub const READS: &[Op] = &[ACTIVITIES];

/// Of one group, or of all.
pub async fn read(env: &Env, since: Timestamp, about: Option<&ResourceId>) -> Told {
    let found = Mutex::new(Vec::new());
    let end = pages(ACTIVITIES, |token| {
        let group = about.map(|about| about.id.to_string());
        let call = env.aws.autoscaling().describe_scaling_activities().set_auto_scaling_group_name(group);
        let found = &found;
        async move {
            let page = call.max_records(100).set_next_token(token).send().await;
            let page = page.map_err(|error| fault(ACTIVITIES, &error))?;
            let changes: Vec<Change> =
                page.activities().iter().filter_map(|activity| of_activity(&env.scope, activity)).collect();
            let ends = changes.iter().any(|change| change.at < since);
            let window = changes.into_iter().filter(|change| change.at >= since);
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(window);
            Ok(page.next_token.filter(|_| !ends))
        }
    })
    .await;
    Told::new(found.into_inner().unwrap_or_else(PoisonError::into_inner), end)
}

fn of_activity(scope: &Scope, activity: &Activity) -> Option<Change> {
    let failed = matches!(
        activity.status_code(),
        Some(ScalingActivityStatusCode::Failed | ScalingActivityStatusCode::Cancelled)
    );
    let name = activity.auto_scaling_group_name().unwrap_or_default();
    let more = if failed { activity.status_message() } else { activity.cause().map(sentence) };
    // What follows is the message, shortened.
    let description =
        activity.description().unwrap_or("an activity").split(".  Status Reason:").next().unwrap_or_default();
    let what = match more.filter(|more| !more.is_empty()) {
        Some(more) => format!("{description}: {more}"),
        None => description.to_owned(),
    };
    let line = Line {
        at: parts::instant(activity.start_time())?,
        source: ChangeSource::AsgActivity,
        id: activity.activity_id(),
        who: "",
        what: &what,
        name,
        resource: Some(parts::id(scope, "asg", name)),
        failed,
    };
    Some(change(scope, line))
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::primitives::DateTime;

    use super::*;

    #[test]
    fn activities_tell_why() {
        let activity = Activity::builder()
            .activity_id("a")
            .auto_scaling_group_name("web-asg")
            .description("Launching a new EC2 instance: i-1")
            .cause("At 2025-08-22T10:00:00Z a user request changed the desired capacity.  At 2025-08-22T10:00:05Z an instance was started.")
            .start_time(DateTime::from_secs(5));
        let scope = Scope::new("starttech-dev", "us-east-1");
        let good =
            of_activity(&scope, &activity.clone().status_code(ScalingActivityStatusCode::Successful).build()).unwrap();
        assert_eq!(&*good.what, "Launching a new EC2 instance: i-1: a user request changed the desired capacity");
        assert_eq!(good.resource.unwrap().kind, "asg");
        let failed = activity.status_code(ScalingActivityStatusCode::Failed).status_message("no capacity");
        let failed = failed.description("Launching a new EC2 instance.  Status Reason: no cap").build();
        let failed = of_activity(&scope, &failed).unwrap();
        assert_eq!((&*failed.what, failed.failed), ("Launching a new EC2 instance: no capacity", true));
    }
}
