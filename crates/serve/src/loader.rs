//! Work on data: on a thread of its own, which gives way to those that answer.

use std::io;
use std::thread;

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use tokio::sync::oneshot;

/// Runs only when nobody else wants to (`SCHED_IDLE`). The lowest `nice` is not enough: a core on which such a
/// thread runs counts as busy, so that those that answer queue up on the others.
const IDLE: ThreadSchedulePolicy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);

/// Runs long work on a thread of the lowest priority. The thread ends with the work, since Linux lets nobody but
/// root raise its priority again.
///
/// # Errors
/// The system gives no thread, or the work panicked.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (tell, told) = oneshot::channel();
    let body = move || {
        if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, IDLE) {
            tracing::debug!(%error, "failed to lower the priority of loading");
        }
        let _ = tell.send(work());
    };
    thread::Builder::new().name("loader".into()).spawn(body)?;
    told.await.map_err(|_| io::Error::other("it panicked"))
}

#[cfg(test)]
mod tests {
    use thread_priority::thread_schedule_policy;

    use super::*;

    #[tokio::test]
    async fn only_the_loading_thread_gives_way() {
        let own = thread_schedule_policy().unwrap();
        assert_eq!(run(|| thread_schedule_policy().unwrap()).await.unwrap(), IDLE);
        assert_eq!(thread_schedule_policy().unwrap(), own);
        assert_ne!(own, IDLE);
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        assert!(run(|| -> () { panic!("on purpose") }).await.is_err());
    }
}
