//! Everything back to the beginning.

use crate::place::{At, Place, Site};
use std::sync::{Arc, PoisonError};
use trine_core::{CellKey, Text, Transaction};

/// How often runs that were started meanwhile are looked for.
const ROUNDS: usize = 16;

/// Writes one atom's initial value.
pub(crate) type Reset = Box<dyn FnOnce(&mut Transaction<'_>)>;

/// Has every atom of a place, and of the providers inside it, begin again: for a logout, say. Families and lists too.
///
/// One commit, which tells each subscriber once; subscriptions, watches and handles go on. What was under way is aborted, so
/// that nothing of before lands after: for a store, all of its runs; for a provider, the actions that were started in it
/// and in those inside it. A run that somebody starts while this is under way may be aborted too.
///
/// Then async atoms are computed again, when they are observed or next read; until that is done they are stale, with their last
/// value. Streams that are followed are made anew.
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
/// If the function of an initial value panics, before anything has changed but after runs were aborted; inside a lease of
/// a store.
#[track_caller]
pub fn reset_all(at: &impl Place) {
    let at = at.at();
    let sites = inside(&at.site());
    for _ in 0..ROUNDS {
        abort(at, &sites);
        // The initial values are the user's code: outside the lease.
        let resets: Vec<_> = sites.iter().flat_map(resets).collect();
        at.store.batch(|tx| resets.into_iter().for_each(|reset| reset(tx)));
        // Who has begun before that commit may have written after it.
        if abort(at, &sites) == 0 {
            break;
        }
    }
    sites.iter().for_each(|site| site.go_on(at.store));
}

fn abort(at: At<'_>, sites: &[Arc<Site>]) -> usize {
    let reason = Text::from_static("everything was reset");
    if at.site.is_none() {
        return at.store.runs().abort_all(reason);
    }
    let abort = |site: &Arc<Site>| at.store.runs().tagged(site.tag()).abort_all(reason.clone());
    sites.iter().map(abort).sum()
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
