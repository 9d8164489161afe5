//! Rows by the names people type, and the nearest name when there is none.

use entities::{category, host, host_category};
use model::ids::{CategoryId, HostId};
use store::{Store, StoreError, categories, host_categories, hosts};

use crate::arguments::Which;
use crate::failure::{Failure, Outcome};

/// The candidate that `typed` was probably meant to be.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&candidate.to_lowercase(), &typed), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .map(|(_, candidate)| candidate)
}

/// A category by its exact name.
///
/// # Errors
/// [`Failure::Input`] that names the nearest category, or all of them.
pub async fn category(store: &Store, name: &str) -> Outcome<category::Model> {
    match categories::named(store.read(), name).await {
        Err(StoreError::Missing { what, name, hint }) => {
            let all = categories::list(store).await?;
            let hint = match nearest(&name, all.iter().map(|row| row.name.as_str())) {
                Some(near) => format!("; did you mean {near:?}?"),
                None => hint,
            };
            Err(StoreError::Missing { what, name, hint }.into())
        }
        other => Ok(other?),
    }
}

/// A host by name or id.
///
/// # Errors
/// [`Failure::Input`] when there is none, or several and no site was named.
pub async fn host(store: &Store, which: &Which) -> Outcome<host::Model> {
    match hosts::named(store.read(), &which.host, which.site.as_deref()).await {
        Err(StoreError::Missing { what: "host", name, hint }) => {
            if let Ok(id) = which.host.parse::<i32>()
                && let Some(row) = hosts::by_id(store.read(), HostId(id)).await?
            {
                return Ok(row);
            }
            let all = hosts::list(store, None).await?;
            let near = nearest(&name, all.iter().map(|row| row.name.as_str()));
            let hint = near.map_or(hint, |near| format!("; did you mean {near:?}?"));
            Err(StoreError::Missing { what: "host", name, hint }.into())
        }
        Err(StoreError::Ambiguous { what, name, .. }) => {
            Err(Failure::input(format!("there is more than one {what} {name:?}; say which with --site")))
        }
        other => Ok(other?),
    }
}

/// A host's copy of a category.
///
/// # Errors
/// [`Failure::Input`] when host or category do not exist or the one does not carry the other.
pub async fn host_category(store: &Store, which: &Which, name: &str) -> Outcome<host_category::Model> {
    let host = host(store, which).await?;
    let category = category(store, name).await?;
    host_categories::get(store.read(), HostId(host.id), CategoryId(category.id)).await?.ok_or_else(|| {
        Failure::input(format!(
            "host {:?} does not carry {name:?}; add it with `mirrormanager host category add`",
            host.name
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_a_near_name_is_offered() {
        let names = ["Fedora Linux", "Fedora EPEL"];
        assert_eq!(nearest("fedora linux", names), Some("Fedora Linux"));
        assert_eq!(nearest("Fedora Epl", names), Some("Fedora EPEL"));
        assert_eq!(nearest("CentOS", names), None);
    }
}
