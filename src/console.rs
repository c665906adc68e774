//! The main loop: keys and events in, messages to the state, effects out, frames drawn. The only place where the terminal, the
//! state, the engine and the clock meet. Keys come first: however much data arrives, a key waits for one frame at most.

mod crew;
mod input;
mod lent;
mod log;
mod signals;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::app::acts::Dialog;
use crate::app::rank::RankJob;
use crate::app::{Effect, Msg, PaneKey, State, update};
use crate::engine::{Asked, Event, Request};
use crate::keymap::Keymap;
use crate::terminal::Terminal;
use crate::ui::{self, Hits, Theme, Themes};

pub use crew::Threads;
pub use log::start as start_log;
use signals::{Signal, Signals};

/// Data is drawn at most sixty times a second; keys at once.
const FRAME: Duration = Duration::from_millis(16);

/// Events are taken for so long before the keys are looked at again.
const EVENTS: Duration = Duration::from_millis(4);

/// Room for events on their way from the engine.
pub const EVENT_ROOM: usize = 1_024;

/// Takes the environments, the most recently used first.
pub type Remember = Box<dyn FnMut(&[Arc<str>]) + Send>;

/// What the main loop is started with.
pub struct Setup {
    /// The state at the start.
    pub state: State,
    /// The keys.
    pub keymap: Keymap,
    /// The themes.
    pub themes: Themes,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// Keeps the order of the most recently used environments for the next start; never waits.
    pub remember: Remember,
    /// What the engine reports.
    pub events: mpsc::Receiver<Event>,
    /// Asks the engine; never waits.
    pub ask: Box<dyn Fn(Request) + Send>,
    /// Who wants the terminal for a while.
    pub borrowers: mpsc::Receiver<Asked>,
    /// Called once before the console is left, however that comes: what is being sent is journalled as unknown.
    pub hang_up: Box<dyn Fn() + Send>,
}

/// Runs the console until the operator leaves it.
pub async fn run(setup: Setup) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    let terminal = Terminal::take(setup.mouse)?;
    let (ranked, rankings) = mpsc::channel(16);
    let theme = chosen_theme(&setup.themes, &setup.state.theme);
    let mut console = Console {
        state: setup.state,
        keymap: setup.keymap,
        themes: setup.themes,
        theme,
        terminal,
        hits: Hits::default(),
        pointer: input::Pointer::default(),
        ask: setup.ask,
        remember: setup.remember,
        ranked,
        newest: HashMap::new(),
        waiting: Vec::new(),
        dirty: true,
        drawn: None,
        over: false,
    };
    console.take(Msg::Tick(Timestamp::now()));
    let ended = console.run(Sources { events: setup.events, rankings, borrowers: setup.borrowers }, &mut signals).await;
    (setup.hang_up)();
    ended
}

fn chosen_theme(themes: &Themes, name: &str) -> Theme {
    themes.get(name).cloned().unwrap_or_default()
}

/// Where messages come from, besides the keys.
struct Sources {
    events: mpsc::Receiver<Event>,
    rankings: mpsc::Receiver<Msg>,
    borrowers: mpsc::Receiver<Asked>,
}

struct Console {
    state: State,
    keymap: Keymap,
    themes: Themes,
    theme: Theme,
    terminal: Terminal,
    hits: Hits,
    pointer: input::Pointer,
    ask: Box<dyn Fn(Request) + Send>,
    remember: Remember,
    ranked: mpsc::Sender<Msg>,
    /// Generation of the newest ranking asked for, by list: those before it are given up.
    newest: HashMap<PaneKey, Arc<AtomicU64>>,
    /// Rankings to be begun once what led to them is drawn: they take every processor, and the echo of a key comes first.
    waiting: Vec<RankJob>,
    /// Something visible may have changed since the last frame.
    dirty: bool,
    /// When the last frame was drawn.
    drawn: Option<Instant>,
    over: bool,
}

impl Console {
    async fn run(&mut self, mut from: Sources, signals: &mut Signals) -> io::Result<()> {
        let mut keys = input::Keys::listen();
        let mut told = Instant::now();
        self.draw()?;
        while !self.over {
            let due = self.drawn.map_or_else(Instant::now, |drawn| drawn + FRAME);
            let next = told + self.state.second_hand();
            tokio::select! {
                biased;
                key = keys.recv() => {
                    let Some(key) = key else { break };
                    self.key(key)?;
                    while let Some(more) = keys.try_recv() {
                        self.key(more)?;
                    }
                    // A key is answered at once.
                    self.draw()?;
                }
                signal = signals.next() => self.signal(signal)?,
                () = sleep_until(due), if self.dirty => self.draw()?,
                Some(message) = from.rankings.recv() => self.take(message),
                Some(asked) = from.borrowers.recv() => self.lend(asked, &mut keys, &mut from, signals).await?,
                event = from.events.recv() => {
                    let Some(event) = event else { break };
                    let until = Instant::now() + EVENTS;
                    self.tell_the_time();
                    self.take(Msg::Event(event));
                    while Instant::now() < until {
                        let Ok(event) = from.events.try_recv() else { break };
                        self.take(Msg::Event(event));
                    }
                }
                () = sleep_until(next) => {
                    told = Instant::now();
                    // What was logged since becomes visible in the console's own log.
                    tui_logger::move_events();
                    self.take(Msg::Tick(Timestamp::now()));
                }
            }
            self.rank();
        }
        Ok(())
    }

    /// Tells the state the time, where it is another second by now.
    fn tell_the_time(&mut self) {
        let now = Timestamp::now();
        if now.as_second() != self.state.now.as_second() {
            self.take(Msg::Tick(now));
        }
    }

    /// Gives a message to the state and carries out what it asks for.
    fn take(&mut self, message: Msg) {
        let outcome = update(&mut self.state, message);
        self.dirty |= outcome.redraw;
        for effect in outcome.effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(request) => (self.ask)(request),
            Effect::Rank(job) => self.waiting.push(job),
            Effect::Copy(text) => {
                if let Err(error) = self.terminal.copy(&text) {
                    tracing::warn!("copying failed: {error}");
                }
            }
            Effect::Remember(names) => (self.remember)(&names),
            Effect::Theme(name) => self.theme = chosen_theme(&self.themes, &name),
            Effect::Suspend => {
                if let Err(error) = self.terminal.suspend() {
                    tracing::error!("stopping failed: {error}");
                }
                self.dirty = true;
            }
            Effect::Quit => self.over = true,
        }
    }

    /// Begins the rankings that wait.
    fn rank(&mut self) {
        for job in self.waiting.drain(..) {
            let (pane, generation) = (job.pane, job.generation);
            let ranked = self.ranked.clone();
            let threads = Threads::for_newest(self.newest.entry(pane).or_default(), generation);
            let work = move || {
                let Some(shown) = job.run_with(&threads) else { return };
                // The console may be gone by now; then nobody misses the answer.
                let _ = ranked.blocking_send(Msg::Ranked(pane, generation, shown));
            };
            // The runtime's threads give way to others, and this is waited for.
            if let Err(error) = std::thread::Builder::new().name("rank".into()).spawn(work) {
                tracing::error!(%error, "a list is not sorted");
            }
        }
    }

    fn key(&mut self, event: crossterm::event::Event) -> io::Result<()> {
        // A dialog hears no key for a while after it has come up: it must know the time of each.
        if self.state.dialog().is_some() {
            self.take(Msg::Tick(Timestamp::now()));
        } else {
            self.tell_the_time();
        }
        if matches!(event, crossterm::event::Event::Resize(..)) {
            self.dirty = true;
            return self.terminal.resized();
        }
        let message = input::message(event, &self.keymap, self.state.context(), &self.hits, &mut self.pointer);
        if let Some(message) = message {
            self.take(message);
        }
        Ok(())
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        match signal {
            Signal::Leave => self.over = true,
            Signal::Stop => self.terminal.suspend()?,
            Signal::Continue => self.terminal.retake()?,
            Signal::Resize => self.terminal.resized()?,
        }
        self.dirty = true;
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        let (state, theme, keymap) = (&self.state, &self.theme, &self.keymap);
        let mut hits = Hits::default();
        self.terminal.draw(|frame| hits = ui::draw(frame, state, theme, keymap, state.now))?;
        self.hits = hits;
        self.dirty = false;
        self.drawn = Some(Instant::now());
        // What became visible may want metrics.
        self.take(Msg::Viewport(self.hits.viewports.clone()));
        if self.state.dialog().is_some_and(Dialog::wants_time) {
            self.take(Msg::Tick(Timestamp::now()));
        }
        Ok(())
    }
}
