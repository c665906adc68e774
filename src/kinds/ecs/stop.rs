//! Why a task stopped: of its own fault, because it was asked to, or because what it ran on went away.

use aws_sdk_ecs::types::{Container, Task, TaskStopCode};
use jiff::Timestamp;

use super::super::parts;
use super::name_of;

/// Whose doing the end of a task was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was told to: by a deployment, by scaling, by a person.
    Asked,
    /// It did what it was there for: a task of no service whose containers ended well.
    Done,
    /// The capacity under it was taken away.
    Lost,
    /// It could not start, crashed, or failed its health checks.
    Failed,
}

/// The end of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// When it began to stop.
    pub at: Option<Timestamp>,
    /// Whose doing it was.
    pub cause: Cause,
    /// Why, with the containers' exit codes.
    pub words: String,
    /// What started it: a deployment's id, for a service's task.
    pub started_by: String,
    /// `family:revision`.
    pub definition: String,
    /// The task's id.
    pub task: String,
}

/// The end of a task that has been told to stop or has stopped.
pub fn of(task: &Task) -> Option<Stop> {
    (task.desired_status() == Some("STOPPED") || task.last_status() == Some("STOPPED")).then(|| Stop {
        at: parts::instant(task.stopping_at().or(task.stopped_at())),
        cause: cause(task),
        words: words(task),
        started_by: task.started_by().unwrap_or_default().to_owned(),
        definition: name_of(task.task_definition_arn().unwrap_or_default()).to_owned(),
        task: name_of(task.task_arn().unwrap_or_default()).to_owned(),
    })
}

fn cause(task: &Task) -> Cause {
    let reason = task.stopped_reason().unwrap_or_default().to_ascii_lowercase();
    let of_service = task.group().is_some_and(|group| group.starts_with("service:"));
    let ended_well =
        !task.containers().is_empty() && task.containers().iter().all(|c| c.exit_code().is_none_or(|code| code == 0));
    match task.stop_code() {
        Some(TaskStopCode::EssentialContainerExited) if !of_service && ended_well => Cause::Done,
        Some(TaskStopCode::EssentialContainerExited | TaskStopCode::TaskFailedToStart) => Cause::Failed,
        Some(TaskStopCode::SpotInterruption | TaskStopCode::TerminationNotice | TaskStopCode::InfrastructureHealth) => {
            Cause::Lost
        }
        // The scheduler gives no other code when it replaces what fails its health checks.
        Some(TaskStopCode::ServiceSchedulerInitiated) if reason.contains("health check") => Cause::Failed,
        None if reason.contains("error") || reason.contains("essential container") => Cause::Failed,
        Some(_) | None => Cause::Asked,
    }
}

/// The reason ECS gives, and what each container has to say: `Essential container in task exited: web exited 137 (OutOfMemoryError…)`.
fn words(task: &Task) -> String {
    let reason = task.stopped_reason().unwrap_or_default();
    let containers: Vec<String> =
        task.containers().iter().filter_map(|container| container_words(container, reason)).collect();
    match (reason.is_empty(), containers.is_empty()) {
        (true, true) => "no reason is told".to_owned(),
        (false, true) => reason.to_owned(),
        (true, false) => containers.join(", "),
        (false, false) => format!("{}: {}", reason.trim_end_matches('.'), containers.join(", ")),
    }
}

fn container_words(container: &Container, told: &str) -> Option<String> {
    let name = container.name().unwrap_or("container");
    let reason = container.reason().filter(|reason| !reason.is_empty() && !told.contains(*reason));
    match (container.exit_code().filter(|code| *code != 0), reason) {
        (Some(code), Some(reason)) => Some(format!("{name} exited {code} ({reason})")),
        (Some(code), None) => Some(format!("{name} exited {code}")),
        (None, Some(reason)) => Some(format!("{name}: {reason}")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::builders::TaskBuilder;
    use rstest::rstest;

    use super::*;

    fn task(code: Option<TaskStopCode>, reason: &str) -> TaskBuilder {
        Task::builder().group("service:web").last_status("STOPPED").set_stop_code(code).stopped_reason(reason)
    }

    fn container(code: i32) -> Container {
        Container::builder().name("web").exit_code(code).build()
    }

    #[rstest]
    #[case(Some(TaskStopCode::TaskFailedToStart), "CannotPullContainerError: x", Cause::Failed)]
    #[case(Some(TaskStopCode::EssentialContainerExited), "Essential container in task exited", Cause::Failed)]
    #[case(Some(TaskStopCode::ServiceSchedulerInitiated), "Task failed ELB health checks in (…)", Cause::Failed)]
    #[case(Some(TaskStopCode::ServiceSchedulerInitiated), "Task failed container health checks", Cause::Failed)]
    #[case(Some(TaskStopCode::ServiceSchedulerInitiated), "Scaling activity initiated by (deployment x)", Cause::Asked)]
    #[case(Some(TaskStopCode::UserInitiated), "Task stopped by user", Cause::Asked)]
    #[case(Some(TaskStopCode::SpotInterruption), "Your Spot Task was interrupted.", Cause::Lost)]
    #[case(None, "Essential container in task exited", Cause::Failed)]
    #[case(None, "", Cause::Asked)]
    fn causes(#[case] code: Option<TaskStopCode>, #[case] reason: &str, #[case] expected: Cause) {
        assert_eq!(of(&task(code, reason).build()).unwrap().cause, expected);
    }

    #[test]
    fn a_job_that_ended_well_is_done() {
        let code = Some(TaskStopCode::EssentialContainerExited);
        let job = |exit| task(code.clone(), "x").group("family:job").containers(container(exit)).build();
        assert_eq!(of(&job(0)).unwrap().cause, Cause::Done);
        assert_eq!(of(&job(1)).unwrap().cause, Cause::Failed);
        assert_eq!(of(&task(code, "x").containers(container(0)).build()).unwrap().cause, Cause::Failed);
    }

    #[test]
    fn words_tell_exit_codes_and_reasons_once() {
        let oom = Container::builder().name("web").exit_code(137).reason("OutOfMemoryError: killed").build();
        let code = Some(TaskStopCode::EssentialContainerExited);
        let stop = of(&task(code, "Essential container in task exited").containers(oom).build()).unwrap();
        assert_eq!(stop.words, "Essential container in task exited: web exited 137 (OutOfMemoryError: killed)");
        let pull = Container::builder().name("web").reason("CannotPullContainerError: gone").build();
        let stop = of(&task(None, "CannotPullContainerError: gone").containers(pull).build()).unwrap();
        assert_eq!(stop.words, "CannotPullContainerError: gone");
    }

    #[test]
    fn what_runs_has_not_stopped() {
        assert_eq!(of(&Task::builder().last_status("RUNNING").desired_status("RUNNING").build()), None);
    }
}
