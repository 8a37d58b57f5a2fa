//! Portal: one real app, written once per model of Trine, on a real service, compared.
//!
//! The app is the one that TAO's guide describes: a user enters a portal, whose session is
//! bootstrapped out of band while the home page is drawn; then the user searches, opens a page, and
//! leaves it again.
//!
//! | module | what is in it |
//! |---|---|
//! | [`service`], [`api`], [`client`] | an HTTP service over an embedded database, with latency and failures on order; its client |
//! | [`portal`], [`view`] | the seam that a model is written against, and what a portal shows |
//! | [`models`] | the app, one file per model: **start reading there** |
//! | [`story`], [`recorder`] | what the user does, and the record of what the view showed |
//! | [`comparison`], [`measure`], [`timeline`], [`report`] | the models side by side |
//! | [`tui`] | the app in a terminal, used by hand |
//! | [`which_model`] | the document that helps to choose a model, and holds it against the code |
//! | [`options`], [`advice`], [`interruption`] | the command line, what to do about files that cannot be used, Ctrl-C |

#![forbid(unsafe_code)]

pub mod advice;
pub mod api;
pub mod client;
pub mod comparison;
pub mod interruption;
pub mod measure;
pub mod models;
pub mod options;
pub mod portal;
pub mod random;
pub mod recorder;
pub mod report;
pub mod service;
pub mod story;
pub mod timeline;
pub mod tui;
pub mod view;
pub mod which_model;

/// The README's samples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
