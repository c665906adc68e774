//! From the terminal's events to messages. The last frame's [`Hits`] say what the mouse means.

use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

use tokio::sync::{mpsc, oneshot};

use crate::app::{Context, Msg, Target};
use crate::keymap::{Keymap, Meaning};
use crate::ui::Hits;

/// Two clicks within this time on the same thing are a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// Rows that one step of the wheel scrolls.
const WHEEL: i32 = 3;

/// Keys that wait to be taken: more than anybody types while a frame is drawn.
const ROOM: usize = 256;

/// For ever: whoever wants the terminal wakes the one who waits for keys.
const WAIT: Duration = Duration::from_hours(24);

/// What is typed.
pub struct Keys {
    events: mpsc::Receiver<Event>,
    holds: std::sync::mpsc::Sender<Hold>,
    /// Wakes the thread when it is dropped, and does nothing else: crossterm gives no other way. (Reading by it would turn in
    /// circles once the terminal is gone.)
    wake: Option<EventStream>,
}

/// Nothing is read from the terminal: said when it is so, until the other end of `until` is dropped.
struct Hold {
    held: oneshot::Sender<()>,
    until: std::sync::mpsc::Receiver<()>,
}

/// As long as this lives nothing is read from the terminal.
pub struct Held(#[expect(dead_code, reason = "its end is what is waited for")] std::sync::mpsc::Sender<()>);

impl Keys {
    /// Starts to listen to the terminal, on a thread of its own: a key is there as soon as it is pressed, and taking all that are
    /// there needs no waiting. Ends when the terminal is gone or nobody takes what comes.
    pub fn listen() -> Self {
        let (sender, events) = mpsc::channel(ROOM);
        let (holds, wanted) = std::sync::mpsc::channel();
        // Before the thread waits: until it is woken nobody else can have what wakes it.
        let wake = Some(EventStream::new());
        std::thread::spawn(move || read(&sender, &wanted));
        Self { events, holds, wake }
    }

    /// The next one.
    pub async fn recv(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// One that is there already.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Reads nothing more until what this returns is dropped. What was typed before is forgotten: it was not meant for others.
    pub async fn hold(&mut self) -> Option<Held> {
        let (held, is_held) = oneshot::channel();
        let (hold, until) = std::sync::mpsc::channel();
        self.holds.send(Hold { held, until }).ok()?;
        self.wake = None;
        let mut is_held = std::pin::pin!(is_held);
        let answer = loop {
            tokio::select! {
                answer = &mut is_held => break answer,
                // Its thread may be waiting for room.
                event = self.events.recv() => drop(event?),
            }
        };
        self.wake = Some(EventStream::new());
        answer.ok().map(|()| Held(hold))
    }
}

fn read(events: &mpsc::Sender<Event>, holds: &std::sync::mpsc::Receiver<Hold>) {
    loop {
        match holds.try_recv() {
            Ok(Hold { held, until }) => {
                let _ = held.send(());
                let _ = until.recv();
            }
            Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
        match crossterm::event::poll(WAIT) {
            Ok(false) => {}
            Ok(true) => {
                let Ok(event) = crossterm::event::read() else { return };
                if events.blocking_send(event).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// What the mouse did last.
#[derive(Default)]
pub struct Pointer {
    last: Option<(Instant, Target)>,
}

/// The message of an event, where it means anything.
pub fn message(event: Event, keymap: &Keymap, context: Context, hits: &Hits, pointer: &mut Pointer) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => match keymap.meaning(key, context)? {
            Meaning::Command(command) => Some(Msg::Do(command)),
            Meaning::Edit(request) => Some(Msg::Edit(request)),
        },
        // Pasted text is text: outside of an edited line it does nothing, so that it can't press keys.
        Event::Paste(text) if matches!(context, Context::Text | Context::Picker | Context::Field) => {
            Some(Msg::Paste(text))
        }
        Event::Mouse(mouse) => of_mouse(mouse, hits, pointer),
        _ => None,
    }
}

fn of_mouse(mouse: MouseEvent, hits: &Hits, pointer: &mut Pointer) -> Option<Msg> {
    let target = hits.at(mouse.column, mouse.row)?.clone();
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            let now = Instant::now();
            let double = pointer.last.as_ref().is_some_and(|(at, last)| now - *at < DOUBLE && *last == target);
            pointer.last = (!double).then(|| (now, target.clone()));
            Some(Msg::Click(target, double))
        }
        MouseEventKind::ScrollDown => scroll(&target, WHEEL),
        MouseEventKind::ScrollUp => scroll(&target, -WHEEL),
        _ => None,
    }
}

fn scroll(target: &Target, rows: i32) -> Option<Msg> {
    match target {
        Target::Row(key, _) | Target::Pane(key) | Target::Column(key, _) => Some(Msg::Scroll(*key, rows)),
        Target::Environment(_) | Target::Command(_) => None,
    }
}
