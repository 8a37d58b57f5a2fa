//! The scenes of the story: their names, and what they are about.

/// One scene of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Script {
    /// The device has no session; the user searches, opens a page, leaves it.
    FirstVisit,
    /// The device has a session.
    SecondVisit,
    /// A form is refused with field errors, and then saved.
    RefusedForm,
    /// Somebody else saves the same page meanwhile.
    TwoEditors,
    /// Two changes are shown at once; one is confirmed, one taken back.
    OptimisticRename,
    /// A long import shows its progress, and is stopped half way.
    StoppedImport,
    /// A service fails, is asked again and again, and recovers.
    FailingService,
    /// The user logs out while answers are on their way.
    LogOut,
    /// A list changes a thousand times a second.
    LiveUpdates,
}

impl Script {
    /// Every scene, in the order of the story.
    pub const ALL: [Self; 9] = [
        Self::FirstVisit,
        Self::SecondVisit,
        Self::RefusedForm,
        Self::TwoEditors,
        Self::OptimisticRename,
        Self::StoppedImport,
        Self::FailingService,
        Self::LogOut,
        Self::LiveUpdates,
    ];

    /// What the scene is called for `--scene`.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::FirstVisit => "first-visit",
            Self::SecondVisit => "second-visit",
            Self::RefusedForm => "refused-form",
            Self::TwoEditors => "two-editors",
            Self::OptimisticRename => "optimistic-rename",
            Self::StoppedImport => "stopped-import",
            Self::FailingService => "failing-service",
            Self::LogOut => "log-out",
            Self::LiveUpdates => "live-updates",
        }
    }

    /// What the scene is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstVisit => "first visit",
            Self::SecondVisit => "second visit",
            Self::RefusedForm => "refused form",
            Self::TwoEditors => "two editors",
            Self::OptimisticRename => "optimistic rename",
            Self::StoppedImport => "stopped import",
            Self::FailingService => "failing service",
            Self::LogOut => "log out",
            Self::LiveUpdates => "live updates",
        }
    }

    /// The file of each model that is about it.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::FirstVisit | Self::SecondVisit => "visits.rs",
            Self::RefusedForm | Self::TwoEditors => "editing.rs",
            Self::OptimisticRename => "renaming.rs",
            Self::StoppedImport => "importing.rs",
            Self::FailingService => "news.rs",
            Self::LogOut => "leaving.rs",
            Self::LiveUpdates => "live.rs",
        }
    }

    /// What happens in it, in a sentence or two.
    #[must_use]
    pub const fn plot(self) -> &'static str {
        match self {
            Self::FirstVisit => {
                "The device has no session yet, so one is created while the portal is being shown. The user types a \
                 search faster than it is answered, opens a page, and leaves it before it is loaded."
            }
            Self::SecondVisit => {
                "The app is opened again on the same device, and finds its session."
            }
            Self::RefusedForm => {
                "The user edits a page and empties its title. The service refuses, and says which field is wrong. \
                 The user mends it and saves."
            }
            Self::TwoEditors => {
                "While the user changes a page's title, somebody else saves another text. Saving shows the conflict; \
                 the user takes their text over, keeps the own title, and saves both."
            }
            Self::OptimisticRename => {
                "Two spaces get new titles, shown at once. One is refused and taken back while the other, still on \
                 its way, stays; then that one is confirmed."
            }
            Self::StoppedImport => {
                "Twelve contacts are imported, one by one, with progress. The user stops the import at the sixth."
            }
            Self::FailingService => {
                "The service fails three times. It is asked again after pauses that double, and recovers."
            }
            Self::LogOut => {
                "The user logs out while a search, a page, the editor and the news are on their way. None may land."
            }
            Self::LiveUpdates => {
                "What others do comes in, a thousand times a second, into a list that the view follows."
            }
        }
    }
}
