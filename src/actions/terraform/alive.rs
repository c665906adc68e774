//! Whether whoever holds a lock still lives, where the console can see it: among the processes of this machine, the tasks of ECS, the
//! instances of Auto Scaling groups and the pods of Kubernetes clusters. Elsewhere it can't be told, and is said so.

mod pods;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::kinds::terraform::Lock;
use crate::kinds::{self, KindDef, Sink, ecs};
use crate::model::{Fault, FaultClass, Precondition, Resource, ResourceId, Verdict};
use crate::providers::Acting;

/// Nobody waits longer for it.
const PATIENCE: Duration = Duration::from_secs(4);
/// What works on states under these names. The kernel cuts names after fifteen characters.
const PROGRAMS: [&str; 3] = ["terraform", "tofu", "terragrunt"];

const NAME: &str = "the holder is gone";

/// Clusters whose tasks are listed at once.
const AT_ONCE: usize = 8;

/// What was seen of a host.
pub(crate) struct Seen {
    host: String,
    told: Precondition,
}

/// What can be seen of the host that holds a lock as it was read last, so that this need not wait for the lock to be read afresh.
pub(crate) async fn ahead(acting: &Acting, known: Option<&Lock>) -> Option<Seen> {
    let host = known?.host()?;
    Some(Seen { host: host.to_owned(), told: look(acting, host).await })
}

/// What can be seen of the holder; what was looked for ahead counts where it is the same host.
pub(crate) async fn holder(acting: &Acting, lock: &Lock, ahead: Option<Seen>) -> Precondition {
    let Some(host) = lock.host() else {
        return Precondition::new(
            NAME,
            Verdict::Warn,
            "could not tell: the lock does not say which host it was taken on",
        );
    };
    match ahead.filter(|seen| seen.host == host) {
        Some(seen) => seen.told,
        None => look(acting, host).await,
    }
}

async fn look(acting: &Acting, host: &str) -> Precondition {
    let told = tokio::time::timeout(PATIENCE, seen(acting, host)).await;
    let told = told.unwrap_or_else(|_| Err(Fault::new(FaultClass::TimedOut, "no answer in time")));
    match told {
        Ok((verdict, evidence)) => Precondition::new(NAME, verdict, evidence),
        Err(fault) => super::parts::untold(NAME, &fault),
    }
}

type Told = (Verdict, String);

async fn seen(acting: &Acting, host: &str) -> Result<Told, Fault> {
    if whoami::hostname().is_ok_and(|own| same_host(&own, host)) {
        return Ok(here(tokio::task::spawn_blocking(processes).await.ok().flatten().as_deref()));
    }
    if let Some(id) = instance_id(host) {
        return instance(acting, id).await;
    }
    if let Some(id) = task_id(host) {
        return Ok(match running(acting, |task| task.id.id.contains(id)).await? {
            Some(task) => (Verdict::Warn, format!("task {} still runs", task.name)),
            None => (Verdict::Pass, format!("no task {id} runs any more")),
        });
    }
    if let Some(address) = address(host) {
        let at = |task: &Resource| kinds::ecs_task::DEF.cell(task, "ip").is_some_and(|ip| ip.show_exact() == address);
        return Ok(match running(acting, at).await? {
            Some(task) => (Verdict::Warn, format!("task {} still runs at {address}", task.name)),
            None => {
                (Verdict::Warn, format!("no running task has {address}; whether an instance has it could not be told"))
            }
        });
    }
    pods::named(acting, host).await
}

/// What the processes of this machine say; `None`: they can't be listed.
fn here(processes: Option<&[(u32, String)]>) -> Told {
    match processes {
        None => (Verdict::Warn, "it was taken on this machine, whose processes can't be listed".to_owned()),
        Some([]) => (Verdict::Pass, "it was taken on this machine, where no Terraform runs".to_owned()),
        Some(running) => {
            let named: Vec<String> = running.iter().take(5).map(|(id, name)| format!("{name} ({id})")).collect();
            (Verdict::Warn, format!("it was taken on this machine, where these run: {}", named.join(", ")))
        }
    }
}

/// The processes of this machine that may work on a state. Blocks.
fn processes() -> Option<Vec<(u32, String)>> {
    let listed = match std::fs::read_dir("/proc") {
        Ok(folders) => folders
            .flatten()
            .filter_map(|folder| {
                let id = folder.file_name().to_str()?.parse().ok()?;
                Some((id, std::fs::read_to_string(folder.path().join("comm")).ok()?.trim().to_owned()))
            })
            .collect(),
        Err(_) => of_ps(
            &String::from_utf8(std::process::Command::new("ps").args(["-A", "-o", "pid=,comm="]).output().ok()?.stdout)
                .ok()?,
        ),
    };
    Some(working(listed))
}

fn of_ps(lines: &str) -> Vec<(u32, String)> {
    let line = |line: &str| {
        let (id, command) = line.trim().split_once(' ')?;
        Some((id.parse().ok()?, command.trim().rsplit('/').next()?.to_owned()))
    };
    lines.lines().filter_map(line).collect()
}

fn working(mut processes: Vec<(u32, String)>) -> Vec<(u32, String)> {
    processes
        .retain(|(_, name)| PROGRAMS.iter().any(|program| name == program || name.starts_with(&format!("{program}_"))));
    processes.sort();
    processes
}

fn same_host(a: &str, b: &str) -> bool {
    let short = |host: &str| host.split('.').next().unwrap_or(host).to_lowercase();
    short(a) == short(b)
}

/// An id like `i-0a1b2c3d4e5f67890`.
fn instance_id(host: &str) -> Option<&str> {
    let word = host.split('.').next()?;
    let digits = word.strip_prefix("i-")?;
    (matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(word)
}

/// The 32 digits of a task's id.
fn task_id(host: &str) -> Option<&str> {
    host.split(['-', '.', '/']).find(|word| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The address in a name like `ip-10-0-2-117.eu-central-1.compute.internal`.
fn address(host: &str) -> Option<String> {
    let parts: Vec<&str> = host.split('.').next()?.strip_prefix("ip-")?.split('-').collect();
    let numbers = parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok());
    numbers.then(|| parts.join("."))
}

async fn instance(acting: &Acting, id: &str) -> Result<Told, Fault> {
    let groups = rows(&kinds::asg::DEF, acting, None).await?;
    let has = |group: &&Resource| {
        let ids = kinds::asg::DEF.cell(group, "instance_ids").map(|ids| ids.show_exact().into_owned());
        ids.is_some_and(|ids| ids.split(", ").any(|known| known == id))
    };
    Ok(match groups.iter().find(has) {
        Some(group) => (Verdict::Warn, format!("{id} still is an instance of {}", group.name)),
        None => (Verdict::Warn, format!("{id} is in no Auto Scaling group; whether it still runs could not be told")),
    })
}

/// A running task that is meant.
async fn running(acting: &Acting, is: impl Fn(&Resource) -> bool) -> Result<Option<Resource>, Fault> {
    let status = |task: &Resource| kinds::ecs_task::DEF.cell(task, "status").map(|cell| cell.show_exact().into_owned());
    let known = ecs::known_clusters(&acting.env);
    // Which clusters there are is asked again while those that were listed last are looked through.
    let (listed, mut tasks) = try_join(ecs::clusters(&acting.env, None), tasks(acting, known.clone())).await?;
    let new = listed.into_iter().filter(|cluster| !known.contains(cluster)).collect();
    tasks.extend(self::tasks(acting, new).await?);
    Ok(tasks.into_iter().find(|task| is(task) && status(task).as_deref() != Some("STOPPED")))
}

/// The tasks of clusters; one that is not there any more has none.
async fn tasks(acting: &Acting, clusters: Vec<String>) -> Result<Vec<Resource>, Fault> {
    let of = |cluster: String| {
        let cluster = kinds::parts::id(&acting.env.scope.region_scope(), kinds::ecs_cluster::DEF.id, cluster);
        async move {
            match rows(&kinds::ecs_task::DEF, acting, Some(&cluster)).await {
                Err(fault) if fault.class == FaultClass::NotFound => Ok(Vec::new()),
                told => told,
            }
        }
        .boxed()
    };
    let each: Vec<_> = clusters.into_iter().map(of).collect();
    stream::iter(each).buffered(AT_ONCE).try_concat().await
}

/// Takes rows as they come, and the first reason why some may be missing.
#[derive(Default)]
struct Taken(Mutex<(Vec<Resource>, Option<Fault>)>);

impl Sink for Taken {
    fn page(&self, rows: Vec<Resource>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.extend(rows);
    }

    fn lacks(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.get_or_insert(fault);
    }
}

async fn rows(kind: &KindDef, acting: &Acting, within: Option<&ResourceId>) -> Result<Vec<Resource>, Fault> {
    let taken = Taken::default();
    (kind.list)(&acting.env, within, &taken).await?;
    let (rows, fault) = taken.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    fault.map_or(Ok(rows), Err)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ip-10-0-2-117", Some("10.0.2.117"))]
    #[case("ip-10-0-2-117.eu-central-1.compute.internal", Some("10.0.2.117"))]
    #[case("ip-10-0-2-999", None)]
    #[case("thinkpad", None)]
    fn addresses(#[case] host: &str, #[case] expected: Option<&str>) {
        assert_eq!(address(host).as_deref(), expected);
    }

    #[test]
    fn hosts_are_told_apart() {
        assert_eq!(instance_id("i-0a1b2c3d4e5f67890"), Some("i-0a1b2c3d4e5f67890"));
        assert_eq!((instance_id("i-robot"), instance_id("fv-az1205-412")), (None, None));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(task_id(&format!("{id}-1234567890")), Some(id));
        assert!(same_host("Build-7.internal", "build-7") && !same_host("build-7", "build-70"));
    }

    #[test]
    fn processes_are_known_by_their_names() {
        let listed = of_ps(
            "    1 /sbin/init\n  412 /usr/local/bin/terraform\n 9 tofu\n77 terraform-ls\n78 terraform_1.5\nx y\n",
        );
        let working = working(listed);
        assert_eq!(working, [(9, "tofu".to_owned()), (78, "terraform_1.5".to_owned()), (412, "terraform".to_owned())]);
        assert_eq!(here(Some(&working)).0, Verdict::Warn);
        assert!(here(Some(&working)).1.ends_with("where these run: tofu (9), terraform_1.5 (78), terraform (412)"));
        assert_eq!((here(Some(&[])).0, here(None).0), (Verdict::Pass, Verdict::Warn));
    }

    #[test]
    fn this_machine_s_processes_can_be_listed() {
        assert!(processes().is_some());
    }
}
