//! The program in a pseudo-terminal, as somebody at a keyboard has it.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

const PATIENCE: Duration = Duration::from_secs(60);

/// The program in a pseudo-terminal.
pub(crate) struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    shared: Arc<(Mutex<vt100::Parser>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
}

impl Session {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// In this environment, beside that of the tests.
    pub(crate) fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let window = PtySize { rows: 30, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(window).unwrap();
        let mut program = CommandBuilder::new(env!("CARGO_BIN_EXE_trine-examples"));
        program.args(arguments);
        program.env("TERM", "xterm-256color");
        environment.iter().for_each(|(name, value)| program.env(name, value));
        let child = pair.slave.spawn_command(program).unwrap();
        let shared =
            Arc::new((Mutex::new(vt100::Parser::new(cells(30), cells(120), 0)), Condvar::new()));
        let (seen, mut output) = (Arc::clone(&shared), pair.master.try_clone_reader().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            // An error is how the end of a pseudo-terminal is told.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                seen.0.lock().unwrap().process(&bytes[..count]);
                seen.1.notify_all();
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, shared, master: pair.master }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn resize(&self, rows: u16, cols: u16) {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.shared.0.lock().unwrap().screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(size).unwrap();
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits until the program has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let (parser, changed) = &*self.shared;
        let parser = parser.lock().unwrap();
        let waited = changed
            .wait_timeout_while(parser, PATIENCE, |parser| !wanted(parser.screen()))
            .unwrap();
        assert!(!waited.1.timed_out(), "{what}:\n{}", waited.0.screen().contents());
    }

    pub(crate) fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// What is on the screen now.
    pub(crate) fn contents(&self) -> String {
        self.shared.0.lock().unwrap().screen().contents()
    }

    /// Whether the terminal is as it was before.
    pub(crate) fn is_given_back(&self) {
        self.until("the terminal given back", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor()
        });
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}
