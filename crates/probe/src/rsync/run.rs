//! Running rsync for a listing.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::RsyncError;
use super::complaints::{Complaints, KEPT};
use crate::lines::{Flood, LineLimits, LineSplitter, Tail};

/// Bytes read at once.
const PIECE: usize = 64 << 10;
/// Bytes of complaints in all.
const MAX_COMPLAINTS: u64 = 16 << 20;
/// The part of the silence by which rsync, which is told of it, may notice it before we do.
const GRACE: u32 = 10;
/// What is left of our environment: where programs are, and what ssh needs.
const KEPT_VARIABLES: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK"];

/// What one listing may cost.
#[derive(Debug, Clone)]
pub struct RsyncLimits {
    /// From the start to the end.
    pub total: Duration,
    /// Without a byte from the other side; rsync itself is told, too (`--timeout`, whole seconds).
    pub silence: Duration,
    /// What is printed.
    pub lines: LineLimits,
}

impl Default for RsyncLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(3600),
            silence: Duration::from_secs(600),
            lines: LineLimits::default(),
        }
    }
}

/// What is to be listed.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// A URL (`rsync://host/module/path`, `host::module`) or a path; slashes at its end do not matter.
    pub source: &'a str,
    /// More arguments, before the built-in excludes.
    pub options: &'a [String],
    /// How deep.
    pub depth: Depth,
}

/// How deep a listing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything below.
    Tree,
    /// What is directly in the directory.
    Directory,
}

/// How a listing ended that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything was listed (status 0).
    Complete,
    /// Something could not be read (status 23) or vanished meanwhile (24): what is not listed may be there.
    Partial(i32),
}

/// The rsync program.
#[derive(Debug, Clone)]
pub struct Rsync {
    program: PathBuf,
    limits: RsyncLimits,
}

impl Rsync {
    /// rsync by its name or path; a name is looked for in `PATH`.
    pub fn new(program: impl Into<PathBuf>, limits: RsyncLimits) -> Self {
        Self { program: program.into(), limits }
    }

    /// Lists, handing out each line as it comes, without its end. [`line()`](super::line()) reads it.
    ///
    /// Dropped before its end, it kills rsync and all that rsync has started.
    ///
    /// # Errors
    /// There is no listing. The lines handed out so far are part of none.
    pub async fn list(
        &self,
        wish: Wish<'_>,
        each: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<End, RsyncError> {
        self.list_with(wish, each).await.map(|(end, _)| end)
    }

    /// The same, with what rsync complained about.
    pub(super) async fn list_with(
        &self,
        wish: Wish<'_>,
        each: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<(End, Complaints), RsyncError> {
        let mut group = self.start(&self.arguments(wish)?)?;
        let (Some(stdout), Some(stderr)) = (group.0.stdout.take(), group.0.stderr.take()) else {
            return Err(RsyncError::Output(std::io::Error::other("there is no pipe")));
        };
        let work = async {
            let (tail, said) = tokio::try_join!(self.lines(stdout, each), complaints(stderr))?;
            let status = group.0.wait().await.map_err(RsyncError::Output)?;
            match status.code() {
                Some(0) if tail == Tail::Cut => Err(RsyncError::Cut),
                Some(0) => Ok((End::Complete, said)),
                Some(code @ (23 | 24)) => Ok((End::Partial(code), said)),
                _ => Err(RsyncError::Failed(status, said.first())),
            }
        };
        timeout(self.limits.total, work).await.unwrap_or(Err(RsyncError::Late(self.limits.total)))
    }

    fn arguments(&self, wish: Wish<'_>) -> Result<Vec<OsString>, RsyncError> {
        let source = wish.source;
        if source.is_empty() || source.starts_with('-') || source.contains('\0') {
            return Err(RsyncError::Source(source.to_owned()));
        }
        let depth = match wish.depth {
            Depth::Tree => "-r",
            Depth::Directory => "-d",
        };
        // Without `--list-only` an argument in the options could be taken for the source, and the source
        // for a place to write to.
        let mut arguments: Vec<OsString> =
            [depth, "--list-only", "--no-human-readable", "--no-motd"].map(OsString::from).into();
        let seconds = self.limits.silence.as_secs().max(1);
        arguments.push(format!("--timeout={seconds}").into());
        if source.starts_with("rsync://") || source.contains("::") {
            arguments.push(format!("--contimeout={}", seconds.min(60)).into());
        }
        arguments.extend(wish.options.iter().map(OsString::from));
        arguments.extend(["--exclude=.snapshot", "--exclude=*.~tmp~", "--"].map(OsString::from));
        arguments.push(format!("{}/", source.trim_end_matches('/')).into());
        Ok(arguments)
    }

    fn start(&self, arguments: &[OsString]) -> Result<Group, RsyncError> {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear();
        for name in KEPT_VARIABLES {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // Its times are those of its own zone, its escapes those of its own locale.
        command.env("TZ", "UTC").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        let fail = |reason| RsyncError::Start { program: self.program.clone(), reason };
        command.spawn().map(Group).map_err(fail)
    }

    async fn lines(
        &self,
        mut from: impl AsyncRead + Unpin,
        each: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Tail, RsyncError> {
        let silence = self.limits.silence + self.limits.silence / GRACE;
        let mut splitter = LineSplitter::new(self.limits.lines);
        let mut piece = vec![0; PIECE];
        loop {
            let read = timeout(silence, from.read(&mut piece)).await;
            let count = read.map_err(|_| RsyncError::Silent(silence))?.map_err(RsyncError::Output)?;
            if count == 0 {
                return Ok(splitter.end(each));
            }
            splitter.push(piece.get(..count).unwrap_or_default(), each)?;
        }
    }
}

/// The first complaints; the others are read so that rsync does not wait.
async fn complaints(mut from: impl AsyncRead + Unpin) -> Result<Complaints, RsyncError> {
    let mut kept = Complaints::default();
    let mut piece = vec![0; 4 << 10];
    let mut bytes = 0u64;
    loop {
        let count = from.read(&mut piece).await.map_err(RsyncError::Output)?;
        if count == 0 {
            return Ok(kept);
        }
        bytes += count as u64;
        if bytes > MAX_COMPLAINTS {
            return Err(Flood::Bytes(MAX_COMPLAINTS).into());
        }
        let room = KEPT.saturating_sub(kept.text.len()).min(count);
        kept.is_cut |= room < count;
        kept.text.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
}

/// rsync and what it has started: all are killed when it is dropped before rsync has ended.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // As long as rsync has not been waited for, its number is not given to another group.
        let id = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(source: &str, options: &[&str]) -> Result<String, RsyncError> {
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let wish = Wish { source, options: &options, depth: Depth::Tree };
        let all = Rsync::new("rsync", RsyncLimits::default()).arguments(wish)?;
        Ok(all.iter().map(|a| a.to_str().unwrap()).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn options_stand_before_the_source_and_the_source_has_one_slash() {
        assert_eq!(
            arguments("rsync://h/m//", &["--exclude=a b", "-z"]).unwrap(),
            "-r|--list-only|--no-human-readable|--no-motd|--timeout=600|--contimeout=60|--exclude=a b|-z|\
             --exclude=.snapshot|--exclude=*.~tmp~|--|rsync://h/m/"
        );
        let local = arguments("/srv/pub", &[]).unwrap();
        assert!(local.ends_with("|--|/srv/pub/") && !local.contains("contimeout"), "{local}");
    }

    #[test]
    fn what_could_be_an_option_is_no_source() {
        for source in ["", "-e/bin/sh", "--rsh=x", "a\0b"] {
            assert!(matches!(arguments(source, &[]), Err(RsyncError::Source(_))), "{source:?}");
        }
    }
}
