//! Why a command ended early. Each variant is one exit status; the text is one line for standard error.

use std::io;

use settings::SettingsError;
use store::StoreError;

use crate::exit::Exit;

/// The result of a command.
pub type Outcome<T = Exit> = Result<T, Failure>;

/// A command's early end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for can not be done as asked: arguments, settings, names, URLs, the database's address.
    #[error("{0}")]
    Input(String),
    /// The work itself failed.
    #[error("{0:#}")]
    Operation(#[from] anyhow::Error),
    /// Nobody reads our output any more, which is no failure of ours.
    #[error("output closed")]
    Closed,
}

impl Failure {
    /// An input failure.
    pub fn input(text: impl std::fmt::Display) -> Self {
        Self::Input(text.to_string())
    }

    /// An operation failure.
    pub fn operation(text: impl std::fmt::Display) -> Self {
        Self::Operation(anyhow::anyhow!("{text}"))
    }

    /// The exit status it stands for.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Input(_) => Exit::Usage,
            Self::Operation(_) => Exit::Failed,
            Self::Closed => Exit::Success,
        }
    }

    /// The text on one line.
    pub fn line(&self) -> String {
        self.to_string().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Row { .. } | StoreError::Db(_) => Self::Operation(error.into()),
            _ => Self::Input(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Operation(error.into()) }
    }
}
