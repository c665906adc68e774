//! `k8s-exec`: a shell in a container, or one command. The plan freezes the very container; the journal gets what was started, how it
//! ended and how long it took, and nothing of what was typed or shown.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use serde_json::Value as Json;

use super::k8s::{self, Object, Start, terminal};
use super::parts::{self, given};
use super::{ActionDef, Asked, Choice, FieldDef, FieldSort, Op};
use crate::guard::{Permit, Watching};
use crate::model::{
    Fault, Fields, Followed, Plan, Precondition, ResourceId, Risk, Seen, Sent, Step, Undo, Verdict, text,
};
use crate::providers::Acting;
use crate::providers::kube::{Opened, Question, ShellEnd};
use crate::providers::lend::Lending;

const ID: &str = "k8s-exec";
const EXEC: Op = "k8s:get pods/exec";

/// Runs a shell or a command in a container.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "shell",
    doc: "Run a shell or a command in a container",
    kinds: &["pod"],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::NAMESPACE_FIELD,
        k8s::name_field("The pod", "provisioning-worker-7d9c5b6f4-x2x7k"),
        FieldDef::new(
            "container",
            "container",
            "The container; without it the pod's default",
            "worker",
            FieldSort::Chosen,
        ),
        FieldDef::new("command", "command", "What is run (`sh` if nothing is given)", "ls -l /data", FieldSort::Text),
        FieldDef::new(
            "tty",
            "terminal",
            "`no`: nothing is typed, what is printed is shown (`yes` if nothing is given)",
            "no",
            FieldSort::Flag,
        ),
    ],
    sends: &[EXEC],
    reads: &[],
    risk: "high",
    undo: "can't be: what is done in a container is not known here",
    example: "k8s-exec -e beta9-prod --namespace beta9-provisioning --name provisioning-worker-7d9c5b6f4-x2x7k --command 'ls -l /data' --tty no",
    applies: |_| Ok(()),
    form: |_, _| [("command", "sh".to_owned())].into(),
    choices,
    locate: |acting, fields| k8s::locate(acting, fields, Some("pod")).boxed(),
    plan,
    look,
    send: |acting, plan, step, permit| send(acting, plan, step, permit).boxed(),
    follow,
};

fn choices<'a>(acting: &'a Acting, id: &'a ResourceId, _: &'static str) -> Asked<'a, Vec<Choice>> {
    async move {
        let pod = k8s::read(acting, id).await?;
        let choice = |container: &Json| {
            let container = Object(container.clone());
            let name = container.text("/name").unwrap_or_default();
            let words = format!("{}, {}", container.text("/image").unwrap_or_default(), state(&pod, name).0);
            let value = text::clean(name).into();
            Choice { value, words: text::clean(&words).into(), difference: Vec::new() }
        };
        Ok(pod.list("/spec/containers").iter().map(choice).collect())
    }
    .boxed()
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let creating = Question {
            verb: "create",
            resource: "pods",
            subresource: Some("exec"),
            namespace: target.scope.namespace.as_deref(),
            name: &target.id,
            ..Question::default()
        };
        let may = async { acting.reach()?.may(creating).await };
        let (start, may) = join(k8s::start(acting, target, "get", Some("exec")), may).await;
        let Start { object: pod, caller, allowed } = start?;
        let container = meant(&pod, given(fields, "container"))?;
        let line = given(fields, "command").unwrap_or("sh");
        let command =
            shell_words::split(line).map_err(|_| k8s::invalid(format!("`{line}`: a quotation mark is missing")))?;
        let tty = given(fields, "tty") != Some("no");
        let mut plan = k8s::plan(acting, ID, target, fields, &caller);
        plan.title = format!("run {} in {} of {}", text::clean(line), text::clean(&container), plan.target.name).into();
        let (state, runs) = state(&pod, &container);
        plan.changes =
            vec![parts::change("container", None, Some(&container)), parts::change("command", None, Some(line))];
        plan.preconditions = vec![
            allowed,
            also(k8s::allowed(creating, &may)),
            parts::must("the container runs", runs, state),
            parts::must("something to run", !command.is_empty(), if command.is_empty() { "no command" } else { line }),
        ];
        plan.affects = vec!["whatever is done there; what is typed and shown is not journalled".into()];
        let input = input(&k8s::of_id(target)?.path(target), &container, &command, tty);
        plan.steps = vec![k8s::step(
            acting,
            EXEC,
            format!("run {} in {container}", text::clean(line)),
            input,
            seen(&pod, &container),
        )?];
        plan.risk = Risk::High;
        plan.undo = Undo::No("what is done in a container is not known here".into());
        let mut words = vec!["exec", &*target.id, "--container", &container];
        words.extend(tty.then_some(["--stdin", "--tty"]).into_iter().flatten());
        words.push("--");
        words.extend(command.iter().map(String::as_str));
        plan.command = k8s::command(acting, target, &words);
        Ok(plan)
    }
    .boxed()
}

/// Some servers want this one, too; where it is missing the server will say.
fn also(precondition: Precondition) -> Precondition {
    match precondition.verdict {
        Verdict::Fail => Precondition { verdict: Verdict::Warn, ..precondition },
        _ => precondition,
    }
}

fn input(path: &str, container: &str, command: &[String], tty: bool) -> serde_json::Map<String, Json> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let flags: &[&str] = if tty { &["stdin", "stdout", "tty"] } else { &["stdout", "stderr"] };
    for flag in flags {
        query.append_pair(flag, "true");
    }
    query.append_pair("container", container);
    for word in command {
        query.append_pair("command", word);
    }
    k8s::input(&[("method", "GET".into()), ("path", format!("{path}/exec").into()), ("query", query.finish().into())])
}

/// The container that is meant: by its name, by the pod's own word, else the first.
fn meant(pod: &Object, asked: Option<&str>) -> Result<String, Fault> {
    let names = || pod.list("/spec/containers").iter().filter_map(|it| it.get("name")?.as_str());
    let annotations = pod.texts("/metadata/annotations");
    let default = annotations.get("kubectl.kubernetes.io/default-container").map(String::as_str);
    match asked {
        Some(name) if names().any(|it| it == name) => Ok(name.to_owned()),
        Some(name) => {
            let there = names().collect::<Vec<_>>().join(", ");
            Err(k8s::invalid(format!("there is no container {name}: there are {there}")))
        }
        None => default
            .or_else(|| names().next())
            .map(str::to_owned)
            .ok_or_else(|| k8s::invalid("the pod has no container".to_owned())),
    }
}

fn status(pod: &Object, container: &str) -> Option<Object> {
    let all = pod.list("/status/containerStatuses");
    all.iter().find(|it| it.get("name").and_then(Json::as_str) == Some(container)).cloned().map(Object)
}

/// How a container is, in words, and whether it runs.
fn state(pod: &Object, container: &str) -> (String, bool) {
    let Some(status) = status(pod, container) else { return ("nothing is known of it yet".to_owned(), false) };
    if let Some(since) = status.text("/state/running/startedAt") {
        return (format!("it runs since {since}"), true);
    }
    if status.at("/state/running").is_some() {
        return ("it runs".to_owned(), true);
    }
    let waits = status.text("/state/waiting/reason").map(|reason| format!("it waits: {reason}"));
    let ended = status.text("/state/terminated/reason").map(|reason| format!("it has ended: {reason}"));
    (waits.or(ended).unwrap_or_else(|| "it does not run".to_owned()), false)
}

/// This very container: one that was started anew in the meantime is another one.
fn seen(pod: &Object, container: &str) -> Seen {
    let id = status(pod, container).and_then(|status| status.text("/containerID").map(str::to_owned));
    Seen::default().with("uid", pod.uid()).with("container", id.unwrap_or_default())
}

fn container_of(step: &Step) -> String {
    let query = step.input.get("query").and_then(Json::as_str).unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "container").map(|(_, name)| name.into_owned()).unwrap_or_default()
}

fn has_terminal(step: &Step) -> bool {
    let query = step.input.get("query").and_then(Json::as_str).unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "tty")
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&k8s::read(acting, &plan.target.id).await?, &container_of(step))) }.boxed()
}

fn send<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        match acting.reach() {
            Ok(reach) => reach.open(step, permit, has_terminal(step), &k8s::key(plan)).await,
            Err(fault) => Sent::Refused(fault),
        }
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let Some(Opened::Shell(shell)) = acting.reach()?.opened(&k8s::key(plan)) else {
            return Ok(Followed::Failed("the connection is gone".into()));
        };
        let interactive = has_terminal(step);
        let sort = if interactive { Lending::Typed } else { Lending::Printed };
        match terminal::borrow(acting, plan, sort, watch).await {
            Ok(loan) => Ok(ended(interactive, &shell.join(loan).await?)),
            Err(none) => Ok(none),
        }
    }
    .boxed()
}

/// What a shell ends with is that of the last command in it, and says nothing of what was wanted.
fn ended(interactive: bool, end: &ShellEnd) -> Followed {
    let ShellEnd { code, words, seconds } = end;
    let words = words.as_deref().map(|words| format!(" ({})", text::clean(words))).unwrap_or_default();
    let how = code.map_or_else(|| "ended".to_owned(), |code| format!("ended with exit code {code}"));
    let said = format!("{how} after {seconds} s{words}");
    if interactive || *code == Some(0) { Followed::Verified(said.into()) } else { Followed::Failed(said.into()) }
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
