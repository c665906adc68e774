//! The least that could be done: the calls of the idle console, at its cadence, in a process that draws nothing. What it asks is
//! what the state asks for once it has settled; the state is gone by the time that anything is measured.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use quarterdeck::app::state::Settings;
use quarterdeck::app::{Effect, Msg, State, update};
use quarterdeck::config::{self, Flags};
use quarterdeck::engine::{Event, Interest, Live, MetricWant, Priority, Request, Sources};
use quarterdeck::keymap::Keymap;
use quarterdeck::kinds;
use quarterdeck::model::{MetricSpec, Scope, TailSpec, Window};
use quarterdeck::providers::{Environments, Source, Variables};
use quarterdeck::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tempfile::TempDir;

use crate::real;
use crate::servers::Servers;

/// The word that starts this in place of the measurements.
pub const WORD: &str = "bare-loop";

/// As many workers as the console has.
const WORKERS: usize = 1;

/// The loop as a process of its own.
pub struct Bare {
    child: Child,
    said: BufReader<ChildStdout>,
    _home: TempDir,
}

impl Bare {
    /// Starts it on the servers; it runs when this returns.
    pub fn start(servers: &Servers) -> Self {
        let home = real::home(servers);
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg(WORD)
            .env_clear()
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let said = BufReader::new(child.stdout.take().expect("what it says"));
        let mut bare = Self { child, said, _home: home };
        assert_eq!(bare.hear(), "running");
        bare
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Calls of the last minute.
    pub fn calls(&mut self) -> String {
        let asked = self.child.stdin.as_mut().expect("its ear").write_all(b"calls\n");
        asked.expect("it listens");
        self.hear()
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("it speaks");
        line.trim().to_owned()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is asked again and again.
#[derive(Default)]
struct Wanted {
    interests: Vec<Interest>,
    metrics: Vec<MetricWant>,
    tail: Option<TailSpec>,
}

/// The process: runs until it is killed.
pub fn run() {
    let config = config::load(&config::Sources::of_process(Flags::default(), config::KubeContexts::default()));
    let source = Source::Files { variables: Variables::of_process(), pins: None };
    let access = Environments::new(config.environments, source, kinds::reads());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let live = Arc::new(Live::new(Arc::clone(&access)));
    let wanted = runtime.block_on(wanted(&live, &access));
    runtime.block_on(async { ask_for_ever(&live, wanted) });
    println!("running");
    for _ in std::io::stdin().lines() {
        let calls = access.list().iter().map(|environment| access.calls(&environment.name).last_minute).sum::<u32>();
        println!("{calls}");
    }
}

/// What the console asks for on its first screen when all has come in.
async fn wanted(live: &Live, access: &Environments) -> Wanted {
    let settings = Settings {
        refresh: None,
        log_lines: 100_000,
        ages: true,
        demo: false,
        themes: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
    };
    let now = Timestamp::now();
    let mut state = State::new(access.list(), Vec::new(), settings, Arc::default(), "harbor".into(), now);
    let (mut wanted, mut seen, mut asked) = (Wanted::default(), Vec::new(), HashSet::new());
    let mut messages = VecDeque::from([Msg::Tick(now)]);
    loop {
        while let Some(message) = messages.pop_front() {
            for effect in update(&mut state, message).effects {
                match effect {
                    Effect::Rank(job) => {
                        let (pane, generation) = (job.pane, job.generation);
                        messages.push_back(Msg::Ranked(pane, generation, job.run()));
                    }
                    Effect::Ask(request) => wanted.take(request, live, &mut asked, &mut messages).await,
                    _ => {}
                }
            }
        }
        let viewports = viewports(&state);
        if viewports == seen {
            return wanted;
        }
        seen.clone_from(&viewports);
        messages.push_back(Msg::Viewport(viewports));
    }
}

impl Wanted {
    /// Keeps a request, and answers what the state needs an answer to.
    async fn take(
        &mut self,
        request: Request,
        live: &Live,
        asked: &mut HashSet<quarterdeck::model::Query>,
        messages: &mut VecDeque<Msg>,
    ) {
        match request {
            Request::Interests(interests) => {
                for Interest { query, .. } in &interests {
                    if asked.insert(query.clone()) {
                        let result = live.fetch(query, Priority::Screen, &|_| {}).await.map(Some).map_err(Arc::new);
                        let done = Event::Done { query: query.clone(), generation: 1, at: Timestamp::now(), result };
                        messages.push_back(Msg::Event(done));
                    }
                }
                self.interests = interests;
            }
            Request::FindLogs(of) => {
                let mut sources = Vec::new();
                for id in &of {
                    sources.extend(live.log_sources(id).await.unwrap_or_default());
                }
                messages.push_back(Msg::Event(Event::LogSources(of, Ok(sources))));
            }
            Request::Metrics(metrics) => self.metrics = metrics,
            Request::Tail(spec) => self.tail = Some(spec),
            _ => {}
        }
    }
}

/// What is visible on a terminal like the console's.
fn viewports(state: &State) -> Vec<quarterdeck::app::Viewport> {
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
    let (keymap, _) = Keymap::new(&[]);
    let mut hits = ui::Hits::default();
    let draw = |frame: &mut ratatui::Frame| hits = ui::draw(frame, state, &Theme::default(), &keymap, state.now);
    terminal.draw(draw).expect("a frame");
    hits.viewports
}

/// Asks on and on. Answers are dropped: that is what makes it bare.
fn ask_for_ever(live: &Arc<Live>, wanted: Wanted) {
    for Interest { query, every, .. } in wanted.interests {
        let (live, Some(every)) = (Arc::clone(live), every) else { continue };
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                drop(live.fetch(&query, Priority::Screen, &|_| {}).await);
            }
        });
    }
    let mut groups: HashMap<(Scope, Window), Vec<MetricSpec>> = HashMap::new();
    for MetricWant { spec, window } in wanted.metrics {
        groups.entry((spec.resource.scope.region_scope(), window)).or_default().push(spec);
    }
    for ((scope, window), specs) in groups {
        let live = Arc::clone(live);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(window.period().unsigned_abs().into())).await;
                drop(live.metrics(&scope, &specs, window).await);
            }
        });
    }
    let Some(TailSpec { sources, pattern, .. }) = wanted.tail else { return };
    for source in sources {
        let (live, pattern) = (Arc::clone(live), pattern.clone());
        tokio::spawn(async move {
            let mut updates = live.live(&source, pattern).await.expect("a live tail, as the console has");
            while updates.next().await.is_some() {}
        });
    }
}
