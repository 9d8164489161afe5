//! What to scan, and how far to go.

use std::sync::Arc;
use std::time::Duration;

use crate::touched::Touched;

/// What to scan and how far to go.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Only these categories; empty: all.
    pub only: Vec<String>,
    /// Not these.
    pub except: Vec<String>,
    /// What becomes of directories that are gone.
    pub deletion: Deletion,
    /// Whether anything is written.
    pub writing: Writing,
    /// What is read.
    pub reading: Reading,
    /// Directories that scans of what was touched have deleted since the last whole one. The guard counts them, too, so
    /// that a tree that goes bit by bit is noticed.
    pub deleted_before: usize,
    /// How long to wait for another scan of the same category, each time.
    pub wait: Duration,
}

/// What becomes of directories that are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deletion {
    /// They stay.
    #[default]
    Off,
    /// They are deleted unless they are suspiciously many.
    Guarded,
    /// They are deleted however many they are.
    Forced,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Writing {
    /// Yes.
    #[default]
    On,
    /// No; the report says what would have been.
    DryRun,
}

/// What is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reading {
    /// Directories whose time is not the recorded one.
    #[default]
    Changed,
    /// All directories are read.
    All,
    /// Only what was touched since the last scan, by the word of a watcher: the named directories are read, those
    /// above them looked at, and the others taken as recorded. Such a scan does not count as a good one of the whole
    /// category.
    Touched(Arc<Touched>),
}
