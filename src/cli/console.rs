//! No subcommand, and `demo`: the console on the full screen.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use super::recent::Recent;
use super::screen::Screen;
use super::{DONE, Failure, Setup};
use crate::app::State;
use crate::app::state::Settings;
use crate::console;
use crate::engine::{self, Acts, Engine, Live};
use crate::guard::Guard;
use crate::model::Environment;
use crate::providers::lend::Lender;

/// Workers of the runtime. The screen has a thread of its own, what is large is sorted and filtered on others, and the network is
/// mostly waited for: a second worker would be woken for nothing all the time, and keep memory of its own for what it parses.
const WORKERS: usize = 1;

/// How nice the runtime's threads are: they get a third of what the others get where both want a processor.
#[cfg(target_os = "linux")]
const BEHIND: i32 = 5;

pub(super) fn run(mut setup: Setup) -> Result<ExitCode, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::usage("the console needs a terminal", "for scripts there is `quarterdeck get KIND`"));
    }
    let screen = Screen::new(&mut setup.config);
    let environments = environments(&setup)?;
    console::start_log(setup.config.folders.state.as_deref(), setup.global.verbose);
    for problem in &setup.config.problems {
        tracing::warn!("{problem}");
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(WORKERS).on_thread_start(give_way).enable_all().build()?;
    let ended = runtime.block_on(start(&setup, screen, environments));
    // Nobody waits for a request that is no longer wanted.
    runtime.shutdown_background();
    ended?;
    Ok(DONE)
}

/// Lets the screen, and whoever filters and sorts for it, go before this thread: nobody waits for a refresh as one waits for a key.
fn give_way() {
    // Of one thread on Linux; elsewhere it would be of the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, BEHIND) {
        tracing::debug!(%error, "a thread does not give way");
    }
}

/// Those that the flags mean; without such a flag all there are, however many.
fn environments(setup: &Setup) -> Result<Vec<Arc<Environment>>, Failure> {
    let chosen =
        if setup.global.environments.is_empty() { setup.config.environments.clone() } else { setup.chosen()? };
    if chosen.is_empty() {
        return Err(Failure::usage(
            "there is no environment: no AWS profile was found and none is configured",
            "`quarterdeck config check` says where it looked; `quarterdeck demo` shows the built-in estate",
        ));
    }
    Ok(chosen.into_iter().map(Arc::new).collect())
}

async fn start(setup: &Setup, screen: Screen, environments: Vec<Arc<Environment>>) -> io::Result<()> {
    let config = &setup.config;
    // The estate is not the operator's, and its metrics cost nothing: nothing of it is remembered.
    let folder = config.folders.state.as_ref().filter(|_| !setup.global.is_demo());
    let state_file = |name: &str| folder.map(|folder| folder.join(name));
    let recent_file = state_file("recent");
    let recent = recent_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let recent = recent.lines().map(Arc::from).collect();
    let settings = Settings {
        refresh: config.console.refresh.map(|every| every.as_secs()),
        log_lines: config.console.log_lines,
        ages: config.console.ages,
        demo: setup.global.is_demo(),
        themes: screen.themes.names(),
        zone: TimeZone::system(),
    };
    let mut state = State::new(environments, recent, settings, screen.keymap.palette(), screen.theme, Timestamp::now());
    state.local_time = config.console.local_time;
    state.acts.read_only = config.console.read_only;
    prefer(&mut state, &config.preferred);
    if !config.problems.is_empty() {
        let count = config.problems.len();
        state.warn(format!("{count} problems in the configuration: see `~`, or `quarterdeck config check`"));
    }
    let (reports, events) = mpsc::channel(console::EVENT_ROOM);
    let pace = engine::Settings {
        metric_calls: config.console.metrics.calls_per_day,
        metric_dollars: config.console.metrics.dollars_per_day,
        metric_ledger: state_file("metrics.json"),
        log_room: Some(config.console.log_lines),
        live_tails: config.console.live_tail,
    };
    let mut kept = Recent::in_file(recent_file);
    let (lender, borrowers) = Lender::new();
    let (guard, carrier) = super::guard::of(setup, lender);
    let leaving = Arc::clone(&guard);
    let sources = live(setup, Arc::clone(&guard));
    let engine = Engine::start(Arc::new(sources), Some(Acts { guard, carrier }), reports, pace);
    console::run(console::Setup {
        state,
        keymap: screen.keymap,
        themes: screen.themes,
        mouse: config.console.mouse,
        remember: Box::new(move |names| kept.keep(names)),
        events,
        ask: Box::new(move |request| engine.request(request)),
        borrowers,
        hang_up: Box::new(move || {
            leaving.hang_up();
        }),
    })
    .await
}

/// The engine's sources. Where all environments are shown, files that change bring new ones and take old ones away. With them
/// comes the policy as it is now.
fn live(setup: &Setup, guard: Arc<Guard>) -> Live {
    let live = Live::new(Arc::clone(&setup.access));
    if setup.global.is_demo() || !setup.global.environments.is_empty() {
        return live;
    }
    let config = &setup.config;
    let files = config
        .file
        .iter()
        .chain(&config.aws_files)
        .chain(&config.kube_files)
        .chain(&config.backend_files)
        .cloned()
        .collect();
    let global = setup.global.clone();
    let reread = move || {
        let config = super::setup::load(&global);
        guard.set_policy(config.policy);
        config.environments
    };
    live.watching(files, Arc::new(reread))
}

/// The environments of `AWS_PROFILE` are the ones that are meant.
fn prefer(state: &mut State, preferred: &[Arc<str>]) {
    let known: BTreeSet<Arc<str>> =
        preferred.iter().filter(|name| state.environment(name).is_some()).cloned().collect();
    if !known.is_empty() {
        state.marked = known;
    }
}
