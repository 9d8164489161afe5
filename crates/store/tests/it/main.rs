//! The store on every engine and every kind of database.

mod adopt;
mod changes;
mod connect;
mod deletes;
mod nouns;
mod schema;
mod setup;
