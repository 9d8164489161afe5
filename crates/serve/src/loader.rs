//! Work on data: on a thread of its own, which gives way to those that answer.

use std::io;
use std::thread;

use rustix::process::nice;
use tokio::sync::oneshot;

/// How much a loading thread gives way (`nice`).
const NICE: i32 = 19;

/// Runs long work on a thread of low priority. The thread ends with the work, since Linux lets nobody but
/// root raise its priority again.
///
/// # Errors
/// The system gives no thread, or the work panicked.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (tell, told) = oneshot::channel();
    let body = move || {
        // Of a thread, on Linux.
        if let Err(error) = nice(NICE) {
            tracing::debug!(%error, "failed to lower the priority of loading");
        }
        let _ = tell.send(work());
    };
    thread::Builder::new().name("loader".into()).spawn(body)?;
    told.await.map_err(|_| io::Error::other("it panicked"))
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn only_the_loading_thread_gives_way() {
        let own = getpriority_process(None).unwrap();
        let loading = run(|| getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!(loading, (own + NICE).min(19));
        assert_eq!(getpriority_process(None).unwrap(), own);
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        assert!(run(|| -> () { panic!("on purpose") }).await.is_err());
    }
}
