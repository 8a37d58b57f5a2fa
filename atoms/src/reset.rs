//! Everything back to the beginning.

use crate::place::{At, Place, Site};
use std::sync::{Arc, PoisonError};
use trine_core::{CellKey, RunId, Runs, Text, Transaction};

/// Writes one atom's initial value, or has it computed again.
pub(crate) type Reset = Box<dyn FnOnce(&mut Transaction<'_>)>;

/// Has every atom of a place, and of the providers inside it, begin again: for a logout, say. Families and lists too.
///
/// One commit, which tells each subscriber once; subscriptions, watches and handles go on. Then what was under way is aborted,
/// so that nothing of before lands after: for a store, all of its runs; for a provider, the actions that were started in it
/// and in those inside it. If one of them may have written in between, all begins once more. Who starts something when
/// the commit was told, in a subscriber that shows the login say, is not aborted.
///
/// Async atoms are [pending](crate::AsyncState::Pending) from that commit on: their last value is not shown any more, nor what
/// is still under way. They are computed again when they are observed or next read. Streams that are followed are made anew.
///
/// It is no action: [middleware](mod@crate::middleware) does not see it, and cannot refuse it.
///
/// ```
/// use trine_atoms::{Atom, Store, reset_all};
///
/// static USER: Atom<Option<u32>> = Atom::new("user", || None);
/// static CART: Atom<Vec<u32>> = Atom::new("cart", Vec::new);
///
/// let store = Store::new();
/// USER.set(&store, Some(7));
/// CART.set(&store, vec![1, 2]);
/// reset_all(&store);
/// assert_eq!((USER.get(&store), CART.get(&store)), (None, vec![]));
/// ```
///
/// # Panics
///
/// If the function of an initial value panics, before anything has changed; inside a lease of a store.
#[track_caller]
pub fn reset_all(at: &impl Place) {
    let at = at.at();
    let sites = inside(&at.site());
    let begun = begin_anew(at, &sites);
    if !begun.is_empty() {
        for run in begun {
            at.store.runs().abort(run, "everything was reset");
        }
        // Between the commit and its end it may have written.
        begin_anew(at, &sites);
    }
    sites.iter().for_each(|site| site.go_on());
}

/// Has everything begin again, in one commit; returns what was under way.
fn begin_anew(at: At<'_>, sites: &[Arc<Site>]) -> Vec<RunId> {
    // The initial values are the user's code: outside the lease.
    let resets: Vec<_> = sites.iter().flat_map(resets).collect();
    let runs = at.store.runs();
    let runs = match at.site {
        None => vec![runs],
        Some(_) => sites.iter().map(|site| runs.tagged(site.tag())).collect(),
    };
    at.store.batch(|tx| {
        // Inside the lease: who begins later reads what is written here.
        let begun = runs.iter().flat_map(Runs::list).map(|run| run.id).collect();
        resets.into_iter().for_each(|reset| reset(tx));
        begun
    })
}

/// A site and the providers inside it.
fn inside(site: &Arc<Site>) -> Vec<Arc<Site>> {
    let mut found = vec![Arc::clone(site)];
    let mut next = 0;
    while let Some(site) = found.get(next).cloned() {
        let inner = site.inner.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(inner.iter().filter_map(std::sync::Weak::upgrade));
        next += 1;
    }
    found
}

fn resets(site: &Arc<Site>) -> Vec<Reset> {
    let mut resets: Vec<Reset> = Vec::new();
    for (atom, key) in site.cells.atoms() {
        resets.push(atom.reset(site, key));
    }
    site.each_table(|table| table.resets(&mut resets));
    resets
}

/// The names and cells of the atoms that have been used in a place, in no order: for tools. Derived atoms are not among
/// them, nor are the entries of families.
pub fn used_atoms(at: &impl Place) -> Vec<(Text, CellKey)> {
    let atoms = at.at().site().cells.atoms();
    let state = atoms.iter().filter(|(atom, _)| atom.is_state());
    state.map(|(atom, key)| (atom.name().clone(), *key)).collect()
}
