//! The terminal: set up, always given back (on return, error, panic and signals), stopped and resumed as a job of the shell.

mod lent;

use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

pub use lent::{Typed, show};

/// Frames are written whole: one write a frame, however many cells change.
const FRAME_BYTES: usize = 64 * 1024;

/// Whether the terminal is ours now. The panic hook must know without asking anybody.
static OURS: AtomicBool = AtomicBool::new(false);

/// Whether it is raw for a script.
static RAW: AtomicBool = AtomicBool::new(false);

/// What ratatui draws on.
type Screen = ratatui::Terminal<CrosstermBackend<BufWriter<Ours>>>;

/// The terminal for as long as it is ours. Half a frame may wait to be written when a panic gives it back: it must not come after the
/// message, on the operator's own screen.
struct Ours(Stdout);

impl Write for Ours {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if OURS.load(Ordering::SeqCst) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Columns of the terminal that this process writes to; `None` when it writes to none.
pub fn columns() -> Option<u16> {
    crossterm::terminal::size().ok().map(|(columns, _)| columns).filter(|columns| *columns > 0)
}

/// Columns and rows of the terminal.
pub fn sizes() -> (u16, u16) {
    size().unwrap_or((80, 24))
}

/// The terminal of a script, raw for as long as this lives: a program elsewhere has it.
pub struct Raw(());

impl Raw {
    /// Makes it raw.
    pub fn take() -> io::Result<Self> {
        give_back_on_panic();
        enable_raw_mode()?;
        RAW.store(true, Ordering::SeqCst);
        Ok(Self(()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if RAW.swap(false, Ordering::SeqCst) {
            let _ = disable_raw_mode();
        }
    }
}

/// The terminal while it is ours. Dropping it gives it back.
pub struct Terminal {
    screen: Screen,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal: raw, alternate screen, pasted text marked as such, the mouse where it is wanted.
    pub fn take(mouse: bool) -> io::Result<Self> {
        give_back_on_panic();
        enter(mouse)?;
        Ok(Self { screen: blank_screen()?, mouse })
    }

    /// The terminal has another size now: everything is drawn anew.
    pub fn resized(&mut self) -> io::Result<()> {
        self.screen = blank_screen()?;
        Ok(())
    }

    /// Draws a frame; only cells that changed are written.
    pub fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame)) -> io::Result<()> {
        self.screen.draw(draw).map(|_| ())
    }

    /// Puts text on the operator's clipboard, through the terminal (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.screen.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Takes the terminal again after it was given to somebody else: everything is drawn anew.
    pub fn retake(&mut self) -> io::Result<()> {
        enter(self.mouse)?;
        self.resized()
    }

    /// Lends the terminal to a program elsewhere: the operator's own screen, and keys as they are typed. It stays raw, and is given
    /// back in the end all the same. A secret stays on the console's screen: what is shown there is gone with it, while the
    /// operator's own scrolls back.
    pub fn lend(&mut self, secret: bool) -> io::Result<()> {
        self.screen.backend_mut().flush()?;
        let mut out = stdout();
        if secret {
            queue!(out, Clear(ClearType::All), cursor::MoveTo(0, 0))?;
        } else {
            queue!(out, LeaveAlternateScreen)?;
        }
        execute!(out, DisableMouseCapture, DisableBracketedPaste, cursor::Show)
    }

    /// Gives the terminal back and stops as a job of the shell; returns when the shell continues it.
    #[cfg(unix)]
    pub fn suspend(&mut self) -> io::Result<()> {
        self.screen.backend_mut().flush()?;
        give_back();
        // Not SIGTSTP: this process has a handler for it, and must stop here and now.
        signal_hook::low_level::raise(signal_hook::consts::SIGSTOP)?;
        self.retake()
    }

    /// There are no jobs to stop here.
    #[cfg(not(unix))]
    pub fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A cleared screen of the terminal's present size. The size is fixed until the next resize: left to itself, ratatui asks the
/// terminal for its cursor at every resize, and the answer would have to be fished out from among the keys.
fn blank_screen() -> io::Result<Screen> {
    let (columns, rows) = size()?;
    let mut backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, Ours(stdout())));
    queue!(backend, Clear(ClearType::All))?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    ratatui::Terminal::with_options(backend, TerminalOptions { viewport })
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What waits to be written, such as the clearing of the screen after a resize, is for the console's screen and not for the
        // operator's.
        let _ = self.screen.backend_mut().flush();
        give_back();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut out = stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, SetTitle("quarterdeck"), cursor::Hide)?;
    if mouse {
        execute!(out, EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back, once. What fails is gone anyway (the terminal was closed).
pub fn give_back() {
    if RAW.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// A panic on the main thread ends the program: the terminal is given back before its message is printed. Panics of tasks are
/// caught by the runtime and become faults; their message goes to the log and must not tear the screen.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() == Some("main") {
                give_back();
                before(info);
            } else {
                tracing::error!("{info}");
            }
        }));
    });
}
