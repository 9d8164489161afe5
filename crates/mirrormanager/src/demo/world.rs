//! The demo's world on disk and on loopback: a master tree and six mirrors, each good or bad in its way.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use testkit::mirror::{Behaviour, Mirror};
use testkit::tree::{self, Shape, Tree};

/// Share of the master's directories that the last day's compose changed.
const CHANGED: f64 = 0.05;

const DAY_SECONDS: i64 = 86_400;

/// What is special about a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Character {
    /// Everything, as on the master.
    InSync,
    /// As the master was a day ago.
    Stale,
    /// Rawhide is missing.
    Partial,
    /// Every file is there and too short.
    Truncated,
    /// Nothing answers.
    Dead,
    /// Everything is there, but every second request fails.
    Flapping,
}

impl Character {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::InSync, Self::Stale, Self::Partial, Self::Truncated, Self::Dead, Self::Flapping];

    /// The name of the host.
    pub fn host(self) -> &'static str {
        match self {
            Self::InSync => "in-sync.example",
            Self::Stale => "stale.example",
            Self::Partial => "partial.example",
            Self::Truncated => "truncated.example",
            Self::Dead => "dead.example",
            Self::Flapping => "flapping.example",
        }
    }

    /// What it is, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::InSync => "has everything",
            Self::Stale => "one day behind",
            Self::Partial => "without rawhide",
            Self::Truncated => "cuts files short",
            Self::Dead => "is switched off",
            Self::Flapping => "often fails",
        }
    }

    /// The country it is said to stand in.
    pub fn country(self) -> &'static str {
        match self {
            Self::InSync => "DE",
            Self::Stale => "CZ",
            Self::Partial => "US",
            Self::Truncated => "BR",
            Self::Dead => "FR",
            Self::Flapping => "JP",
        }
    }
}

/// One mirror of the demo.
#[derive(Debug)]
pub struct DemoMirror {
    /// What it is like.
    pub character: Character,
    /// Its base URL, which stands for the content root.
    pub url: String,
    /// Its copy of the tree.
    pub folder: PathBuf,
    /// The server; `None` for the dead one.
    pub server: Option<Mirror>,
}

/// Master tree and mirrors.
#[derive(Debug)]
pub struct World {
    /// The content root of the master tree.
    pub master: PathBuf,
    /// What is in it.
    pub tree: Tree,
    /// The mirrors, in the order of [`Character::ALL`].
    pub mirrors: Vec<DemoMirror>,
}

impl World {
    /// Makes the tree and starts the mirrors below `folder`. `now` is when the newest file was made, in
    /// seconds since 1970.
    ///
    /// # Errors
    /// Whatever the file system or the network says.
    pub async fn make(folder: &Path, now: i64) -> io::Result<Self> {
        let (master, mirrors) = (folder.join("master"), folder.join("mirrors"));
        let (root, copies) = (master.clone(), mirrors.clone());
        let tree = tokio::task::spawn_blocking(move || write(&root, &copies, now))
            .await
            .map_err(io::Error::other)??;
        let mut started = Vec::new();
        for character in Character::ALL {
            started.push(start(character, mirrors.join(character.host())).await?);
        }
        Ok(Self { master, tree, mirrors: started })
    }

    /// The mirror of a character.
    pub fn mirror(&self, character: Character) -> Option<&DemoMirror> {
        self.mirrors.iter().find(|mirror| mirror.character == character)
    }
}

fn write(master: &Path, mirrors: &Path, now: i64) -> io::Result<Tree> {
    fs::create_dir_all(master)?;
    let mut tree = tree::small(master, Shape { epoch: now - DAY_SECONDS, ..Shape::default() })?;
    copy(master, &mirrors.join(Character::Stale.host()))?;
    tree::touch(master, &mut tree, CHANGED)?;
    for character in Character::ALL {
        let folder = mirrors.join(character.host());
        match character {
            Character::Stale => {}
            Character::Dead => fs::create_dir_all(folder)?,
            Character::Partial => {
                copy(master, &folder)?;
                fs::remove_dir_all(folder.join("pub/fedora/linux/development/rawhide"))?;
            }
            Character::InSync | Character::Truncated | Character::Flapping => copy(master, &folder)?,
        }
    }
    Ok(tree)
}

/// A copy of a tree whose files are hard links: fast and without space. Who changes a file must replace it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}

async fn start(character: Character, folder: PathBuf) -> io::Result<DemoMirror> {
    let mirror = Mirror::start(&folder).await?;
    let url = mirror.url();
    let server = match character {
        Character::Dead => {
            mirror.stop().await;
            None
        }
        Character::Truncated => {
            mirror.behave(Behaviour::Truncated);
            Some(mirror)
        }
        Character::Flapping => {
            mirror.behave(Behaviour::Flapping);
            Some(mirror)
        }
        Character::InSync | Character::Stale | Character::Partial => Some(mirror),
    };
    Ok(DemoMirror { character, url, folder, server })
}
