//! Programs of the machine that only tests need.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The path of a program.
///
/// # Panics
/// When it is not installed: with the Debian packages that the tests need.
pub(crate) fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| missing(program))
}

/// Ends a test that lacks a program.
///
/// # Panics
/// Always.
#[expect(clippy::panic, reason = "test support: a panic is the report")]
pub(crate) fn missing(program: &str) -> ! {
    panic!("no {program} found: install the Debian packages {}", DEBIAN_PACKAGES.join(" "))
}

/// The Debian packages with the programs of [`crate::rpm_tree`], [`crate::nginx`], [`crate::dnf`],
/// [`crate::librepo`], [`crate::aria2`], [`crate::rsync`] and [`crate::ftp`].
pub const DEBIAN_PACKAGES: [&str; 10] = [
    "rpm",
    "createrepo-c",
    "nginx-light",
    "dnf",
    "dnf-plugins-core",
    "python3-librepo",
    "aria2",
    "rsync",
    "vsftpd",
    "python3-pyftpdlib",
];

/// A program with nothing of the tester's environment: no proxy, no locale, no settings of theirs.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(find(program));
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC");
    command
}

/// Runs it to its end.
///
/// # Panics
/// When it can not be started or fails: with what it wrote.
pub(crate) fn succeed(command: &mut Command) -> Output {
    #[expect(clippy::panic, reason = "test support: a panic is the report")]
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Sends a process a signal, e.g. `TERM`. By the shell, whose own word it is: a small machine has no
/// program for it.
///
/// # Panics
/// When the signal can not be sent.
pub fn signal(name: &str, process: u32) {
    succeed(Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &process.to_string()]));
}

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic(
        expected = "no such-a-program found: install the Debian packages rpm createrepo-c nginx-light \
                               dnf dnf-plugins-core python3-librepo aria2 rsync vsftpd python3-pyftpdlib"
    )]
    fn a_program_that_is_missing_is_named_with_the_packages() {
        super::find("such-a-program");
    }
}
