//! A pool of workers with latest-wins jobs: previews of pages, at most two at a time, and for each page only the last
//! version that was asked for.

use std::sync::{Arc, Mutex};

use trine_core::{Outcome, Policy, Store};

// On one thread, so that work that is stopped is gone before other work takes its place. (On several, it may be in the middle
// of a poll, and is gone right after it.)
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store = Store::new();
    let previews = store.source(Vec::<(u32, u32)>::new());
    let busy = Arc::new(Mutex::new((0_u32, 0_u32))); // now, and at most

    // `latest` by page: a newer version takes the place of an older one, which stops where it is.
    let render = |page: u32, version: u32| {
        let busy = Arc::clone(&busy);
        store.run_builder("preview").policy(Policy::Latest).key(page).start(move |cx| async move {
            // The pool: of all pages, two at a time. A part of this run: it ends with it.
            let work =
                cx.run_builder("render").policy(Policy::Limit(2)).start(move |_| async move {
                    let _working = Working::begin(busy);
                    for _ in 0..10 {
                        tokio::task::yield_now().await; // costly, in small pieces
                    }
                    Ok::<_, std::convert::Infallible>(
                        format!("page {page}, version {version}").len(),
                    )
                });
            work.await;
            cx.update(previews, |previews| {
                previews.retain(|(known, _)| *known != page);
                previews.push((page, version));
            })?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
    };

    let runs: Vec<_> =
        (1..=3).flat_map(|version| (1..=4).map(move |page| (page, version))).collect();
    let runs: Vec<_> = runs.into_iter().map(|(page, version)| render(page, version)).collect();
    let mut outcomes = Vec::new();
    for run in runs {
        outcomes.push(run.await);
    }

    let superseded =
        outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Superseded { .. })).count();
    let mut shown = store.get(previews);
    shown.sort_unstable();
    println!("shown, as (page, version): {shown:?}");
    println!("{superseded} superseded, at most {} at a time", busy.lock().unwrap().1);
    assert_eq!(shown, [(1, 3), (2, 3), (3, 3), (4, 3)]);
    assert_eq!(superseded, 8);
    assert!(busy.lock().unwrap().1 <= 2);
}

/// Counts who is at work, also if they are stopped in the middle.
struct Working(Arc<Mutex<(u32, u32)>>);

impl Working {
    fn begin(busy: Arc<Mutex<(u32, u32)>>) -> Self {
        let mut counts = busy.lock().unwrap();
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        drop(counts);
        Self(busy)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}
