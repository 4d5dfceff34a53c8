//! Child processes that are ended by their id whatever happens, and what the kernel says they used.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to write down what it has.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long one may take that is asked to, where this is what is measured.
const LONGEST_END: Duration = Duration::from_secs(120);

/// A child that does not outlive this value.
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let name = name.to_owned();
        Ok(Self { child, name })
    }

    /// Its id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The child itself, for its pipes.
    pub(crate) fn child_mut(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Fails if the process has ended.
    ///
    /// # Errors
    /// It has ended; the message says how.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended with {status}", self.name);
        }
        Ok(())
    }

    /// Ends it without a warning.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to read its configuration again.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn reload(&self) -> Result<()> {
        Ok(kill_process(self.kernel_id()?, Signal::HUP)?)
    }

    /// Asks it to end, waits until it has, and says how long that took.
    ///
    /// # Errors
    /// It does not end, or fails.
    pub(crate) fn stop(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        kill_process(self.kernel_id()?, Signal::TERM)?;
        while begin.elapsed() < LONGEST_END {
            if let Some(status) = self.child.try_wait()? {
                anyhow::ensure!(status.success(), "{} ended with {status}", self.name);
                return Ok(begin.elapsed());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("{} did not end when asked to", self.name)
    }

    fn kernel_id(&self) -> Result<Pid> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        id.context("a process has an id")
    }

    /// Waits for its end and says what it used: CPU time to the end, memory to the last look.
    ///
    /// # Errors
    /// It fails.
    pub(crate) fn finish(mut self) -> Result<Usage> {
        let mut last = Usage::default();
        // What has ended keeps its times until it is waited for; its memory is gone.
        loop {
            let usage = self.usage()?;
            last.cpu_seconds = usage.cpu_seconds;
            if usage.resident_bytes == 0.0 {
                break;
            }
            last = usage;
            thread::sleep(Duration::from_millis(10));
        }
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(last)
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let usage = Usage::of(&self.pid().to_string());
        usage.with_context(|| format!("reading what {} used", self.name))
    }

    /// How many files, sockets and the like it has open.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn open_files(&self) -> Result<usize> {
        let folder = format!("/proc/{}/fd", self.pid());
        let entries = fs::read_dir(&folder).with_context(|| format!("listing {folder}"))?;
        Ok(entries.count())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        // A process that has just ended cannot be asked to; waiting below tells.
        let _ = self.kernel_id().map(|id| kill_process(id, Signal::TERM));
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        eprintln!(
            "{} did not end when asked to: killing {}",
            self.name,
            self.child.id()
        );
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that the kernel ends when this process dies, where the tool for that is there.
pub(crate) fn ended_with_us(program: &Path) -> Command {
    let tool = Path::new("/usr/bin/setpriv");
    if fs::metadata(tool).is_err() {
        return Command::new(program);
    }
    let mut command = Command::new(tool);
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// What a process has used since it started.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// User and system time of all its threads.
    pub(crate) cpu_seconds: f64,
    /// Resident memory now.
    pub(crate) resident_bytes: f64,
    /// The part of it that is no page of a file.
    pub(crate) anonymous_bytes: f64,
    /// Threads now.
    pub(crate) threads: f64,
    /// Most resident memory so far.
    pub(crate) peak_resident_bytes: f64,
    /// Bytes handed to `write()` calls, sockets that are written so included.
    pub(crate) handed_to_write_bytes: f64,
    /// Bytes that the kernel sent to a disk, or will.
    pub(crate) disk_bytes: f64,
}

impl Usage {
    /// Of this process.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub(crate) fn of_self() -> Result<Self> {
        Self::of("self")
    }

    fn of(pid: &str) -> Result<Self> {
        let folder = Path::new("/proc").join(pid);
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
        };
        // That of a process that has ended cannot be read.
        let io = read("io").unwrap_or_default();
        let (stat, status) = (read("stat")?, read("status")?);
        let ticks = rustix::param::clock_ticks_per_second();
        Ok(Self {
            cpu_seconds: cpu_ticks(&stat).context("/proc/<pid>/stat is cut")? / ticks as f64,
            resident_bytes: field(&status, "VmRSS:") * 1024.0,
            anonymous_bytes: field(&status, "RssAnon:") * 1024.0,
            threads: field(&status, "Threads:"),
            peak_resident_bytes: field(&status, "VmHWM:") * 1024.0,
            handed_to_write_bytes: field(&io, "wchar:"),
            disk_bytes: field(&io, "write_bytes:"),
        })
    }
}

/// Sum of `utime` and `stime`: fields 14 and 15, counted behind the name, which may hold spaces.
fn cpu_ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

/// The number behind `name`, 0 if the kernel does not say.
fn field(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Process, Usage, cpu_ticks, field};

    #[test]
    fn processor_time_is_found_behind_a_strange_name() {
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(cpu_ticks(stat), Some(300.0));
        assert_eq!(cpu_ticks("12 (a"), None);
    }

    #[test]
    fn fields_are_read() {
        assert_eq!(
            field("VmPeak:\t 9 kB\nVmRSS:\t  1234 kB\n", "VmRSS:"),
            1234.0
        );
        assert_eq!(field("", "VmRSS:"), 0.0);
    }

    #[test]
    fn this_process_uses_memory() {
        let usage = Usage::of_self().unwrap();
        assert!(usage.anonymous_bytes > 100_000.0);
        assert!(usage.resident_bytes >= usage.anonymous_bytes);
        assert!(usage.threads >= 1.0);
    }

    #[test]
    fn what_a_command_used_is_known_at_its_end() {
        let start = |program: &str, argument: &str| {
            Process::start(program, Command::new(program).arg(argument)).unwrap()
        };
        assert!(start("sleep", "0.1").finish().unwrap().peak_resident_bytes > 0.0);
        assert!(start("ls", "/no/such/file").finish().is_err());
    }

    #[test]
    fn a_dropped_process_is_ended() {
        let process = Process::start("sleep", Command::new("sleep").arg("60")).unwrap();
        let folder = format!("/proc/{}", process.pid());
        assert!(std::fs::metadata(&folder).is_ok());
        drop(process);
        assert!(std::fs::metadata(&folder).is_err());
    }
}
