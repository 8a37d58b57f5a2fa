//! Markers for the parts of trigrams.

/// What signals are about: the first part of a trigram. Made by [`parts!`](crate::parts).
pub trait Term: Copy + Send + Sync + 'static {
    /// The name, as in a string trigram.
    const NAME: &'static str;
    /// What the term slot holds.
    type Datum: Send + Sync + 'static;
}

/// What happens: the second part of a trigram. Made by [`parts!`](crate::parts).
pub trait Action: Copy + Send + Sync + 'static {
    /// The name, as in a string trigram.
    const NAME: &'static str;
    /// What the action slot holds.
    type Datum: Send + Sync + 'static;
}

/// From whose point of view: the third part of a trigram. Made by [`parts!`](crate::parts).
pub trait Orient: Copy + Send + Sync + 'static {
    /// The name, as in a string trigram.
    const NAME: &'static str;
    /// What the orient slot holds.
    type Datum: Send + Sync + 'static;
}

/// Checks a name when the crate that declares it is compiled.
#[doc(hidden)]
#[must_use]
pub const fn name(name: &'static str) -> &'static str {
    assert!(!name.is_empty(), "a part needs a name");
    assert!(!matches!(name.as_bytes(), b"*"), "a part cannot be called `*`");
    name
}

/// Declares the vocabulary of an app: a marker type for each term, action and orient.
///
/// In parentheses is the type of what the slot of that part holds; without any, it is `()`. A name that is no
/// identifier is given with `=`.
///
/// ```
/// use trine_tao::{AppCtx, typed::{Term, signal, trigram}};
///
/// pub struct Phrase { pub text: String }
///
/// trine_tao::parts! {
///     pub term
///         /// A sentence that somebody wants to learn.
///         SpacePhrase = "Space-Phrase" (Phrase),
///         App;
///     pub action Enter, Find(u32);
///     pub orient Portal;
/// }
///
/// assert_eq!(SpacePhrase::NAME, "Space-Phrase");
/// let found = signal(SpacePhrase, Enter, Portal).term(Phrase { text: "hello".into() });
/// assert_eq!(found.to_string(), "{Space-Phrase,Enter,Portal}");
/// assert_eq!(AppCtx::new(App, Enter, Portal).trigram(), &trigram(App, Enter, Portal).name());
/// ```
#[macro_export]
macro_rules! parts {
    () => {};
    ($vis:vis term $($(#[$meta:meta])* $name:ident $(= $text:literal)? $(($datum:ty))?),+ $(,)?; $($rest:tt)*) => {
        $($crate::__part!($vis Term "term" [$(#[$meta])*] $name [$($text)?] [$($datum)?]);)+
        $crate::parts!($($rest)*);
    };
    ($vis:vis action $($(#[$meta:meta])* $name:ident $(= $text:literal)? $(($datum:ty))?),+ $(,)?; $($rest:tt)*) => {
        $($crate::__part!($vis Action "action" [$(#[$meta])*] $name [$($text)?] [$($datum)?]);)+
        $crate::parts!($($rest)*);
    };
    ($vis:vis orient $($(#[$meta:meta])* $name:ident $(= $text:literal)? $(($datum:ty))?),+ $(,)?; $($rest:tt)*) => {
        $($crate::__part!($vis Orient "orient" [$(#[$meta])*] $name [$($text)?] [$($datum)?]);)+
        $crate::parts!($($rest)*);
    };
}

/// One marker.
#[doc(hidden)]
#[macro_export]
macro_rules! __part {
    ($vis:vis $axis:ident $word:literal $meta:tt $name:ident [] $datum:tt) => {
        $crate::__part!(@named $vis $axis $word $meta $name [::core::stringify!($name)] $datum);
    };
    ($vis:vis $axis:ident $word:literal $meta:tt $name:ident [$text:literal] $datum:tt) => {
        $crate::__part!(@named $vis $axis $word $meta $name [$text] $datum);
    };
    (@named $vis:vis $axis:ident $word:literal $meta:tt $name:ident $text:tt []) => {
        $crate::__part!(@named $vis $axis $word $meta $name $text [()]);
    };
    (@named $vis:vis $axis:ident $word:literal [$(#[$meta:meta])*] $name:ident [$($text:tt)+] [$datum:ty]) => {
        #[doc = ::core::concat!("The ", $word, " `", $($text)+, "`.")]
        $(#[doc = ""] #[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis struct $name;

        // Checked here, also if nobody uses it.
        const _: &str = $crate::typed::name($($text)+);

        impl $crate::typed::$axis for $name {
            const NAME: &'static str = $($text)+;
            type Datum = $datum;
        }

        impl ::core::convert::From<$name> for $crate::Text {
            fn from(_: $name) -> Self {
                Self::from_static(<$name as $crate::typed::$axis>::NAME)
            }
        }

        impl ::core::convert::From<$name> for $crate::Part {
            fn from(name: $name) -> Self {
                $crate::Text::from(name).into()
            }
        }
    };
}
