//! Waiting for a change, instead of asking again and again.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::read::{Cursor, position};
use crate::connect::{Engine, Store};
use crate::error::Result;

/// How often SQLite, which announces nothing, is asked whether the log has grown.
const ASK: Duration = Duration::from_millis(500);

/// Hears of changes.
#[derive(Debug)]
pub struct Listener {
    store: Store,
    announced: Announced,
}

#[derive(Debug)]
enum Announced {
    /// By PostgreSQL, on a connection of its own.
    Notifications(PgListener),
    /// Not at all: how far the log had come.
    Nothing(Cursor),
}

impl Listener {
    /// Begins to listen: every change that is committed from now on is heard of.
    ///
    /// # Errors
    /// The database's own message.
    pub async fn start(store: &Store) -> Result<Self> {
        let announced = match store.engine() {
            Engine::Postgres => {
                let options = store.read().get_postgres_connection_pool().connect_options();
                let pool =
                    PgPoolOptions::new().max_connections(1).connect_lazy_with(options.as_ref().clone());
                let mut listener = PgListener::connect_with(&pool).await?;
                listener.listen("mm3_change").await?;
                Announced::Notifications(listener)
            }
            Engine::Sqlite => Announced::Nothing(position(store).await?),
        };
        Ok(Self { store: store.clone(), announced })
    }

    /// Waits until something has changed, but no longer than this. Whether something was heard.
    pub async fn wait(&mut self, at_most: Duration) -> bool {
        let heard = async {
            match &mut self.announced {
                Announced::Notifications(listener) => {
                    // A connection that is lost comes back by itself; what was missed meanwhile is unknown.
                    if listener.try_recv().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                Announced::Nothing(known) => loop {
                    tokio::time::sleep(ASK).await;
                    match position(&self.store).await {
                        Ok(now) if now != *known => {
                            *known = now;
                            break;
                        }
                        _ => {}
                    }
                },
            }
        };
        tokio::time::timeout(at_most, heard).await.is_ok()
    }
}
