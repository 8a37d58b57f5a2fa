//! What users do, as it happens: a list that changes a thousand times a second.

use std::sync::Arc;

use serde::Serialize;

use crate::api::Activity;

/// The list of who does what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LiveView {
    /// More is to come.
    pub following: bool,
    /// How many activities there were.
    pub received: u32,
    /// The last one of each user, by user.
    pub rows: Arc<Vec<Activity>>,
    /// Why there are no more, as text.
    pub problem: Option<String>,
}

impl LiveView {
    /// One more.
    pub fn take(&mut self, activity: Activity) {
        self.received += 1;
        let rows = Arc::make_mut(&mut self.rows);
        match rows.binary_search_by_key(&activity.user, |row| row.user) {
            Ok(place) => rows[place] = activity,
            Err(place) => rows.insert(place, activity),
        }
    }

    /// Everything that came, one by one.
    #[must_use]
    pub fn after(activities: impl IntoIterator<Item = Activity>) -> Self {
        let mut live = Self::default();
        activities.into_iter().for_each(|activity| live.take(activity));
        live
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self { problem: Some(_), .. } => "live: failed".to_owned(),
            Self { following: true, received: 0, .. } => "live: following".to_owned(),
            Self { following: true, .. } => "live: changes".to_owned(),
            Self { received, .. } => format!("live: {received} received"),
        }
    }
}
