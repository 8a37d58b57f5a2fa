//! Generated data: who uses Portal, which spaces they share, what is written there.
//!
//! Everything follows from a seed, so a data file that is made again is the same data file. The
//! names are such that a search for `a`, `an`, `ann`, `anna` has fewer hits with each letter.

use crate::api::{Page, Space, User};
use crate::random::Random;

/// How much to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Number of users.
    pub users: u32,
    /// Number of spaces.
    pub spaces: u32,
}

impl Size {
    /// What the example runs on: 10,000 users in 1,000 spaces.
    pub const FULL: Self = Self { users: 10_000, spaces: 1_000 };
}

/// All of Portal's data but its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// By identity, from 1 without a gap.
    pub users: Vec<User>,
    /// By identity, from 1 without a gap.
    pub spaces: Vec<Space>,
    /// By identity, from 1 without a gap.
    pub pages: Vec<Page>,
}

/// Generates the world of `seed`.
#[must_use]
pub fn world(seed: u64, size: Size) -> World {
    let mut random = Random::new(seed);
    let mut users: Vec<User> = (1..=size.users).map(|id| user(&mut random, id)).collect();
    let mut pages = Vec::new();
    let mut spaces = Vec::new();
    for id in 1..=size.spaces {
        let title = format!("{} {}", random.pick(ADJECTIVES), random.pick(SUBJECTS));
        let members = members(&mut random, size.users);
        for member in &members {
            users[*member as usize - 1].spaces.push(id);
        }
        let first_page = pages.len();
        for kind in PAGES.iter().take(2 + random.below(PAGES.len() - 1)) {
            let id_of_page = pages.len() as u32 + 1;
            pages.push(page(&mut random, id_of_page, id, kind, &title));
        }
        let pages_here = pages[first_page..].iter().map(|page| page.id).collect();
        spaces.push(Space { id, title, members, pages: pages_here });
    }
    World { users, spaces, pages }
}

fn user(random: &mut Random, id: u32) -> User {
    let (first, last) = (random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
    User {
        id,
        name: format!("{first} {last}"),
        email: format!("{}.{}.{id}@portal.example", first.to_lowercase(), last.to_lowercase()),
        bio: format!("{} who {}.", random.pick(ROLES), random.pick(HABITS)),
        spaces: Vec::new(),
    }
}

fn members(random: &mut Random, users: u32) -> Vec<u32> {
    if users == 0 {
        return Vec::new();
    }
    let mut members: Vec<u32> =
        (0..3 + random.below(22)).map(|_| random.below(users as usize) as u32 + 1).collect();
    members.sort_unstable();
    members.dedup();
    members
}

fn page(random: &mut Random, id: u32, space: u32, kind: &str, title: &str) -> Page {
    let sentences: Vec<&str> = (0..4 + random.below(8)).map(|_| *random.pick(SENTENCES)).collect();
    Page { id, space, title: format!("{kind} of {title}"), text: sentences.join(" "), version: 1 }
}

const FIRST_NAMES: &[&str] = &[
    "Ada", "Agnes", "Aisha", "Alan", "Alice", "Amara", "Andrea", "Anil", "Ann", "Anna", "Annika",
    "Anton", "Barbara", "Ben", "Bruno", "Camille", "Carlos", "Chen", "Clara", "Daniel", "Dilek",
    "Dora", "Edsger", "Elena", "Emil", "Fatima", "Felix", "Frances", "Grace", "Hana", "Hannah",
    "Hugo", "Ines", "Ivan", "Jakob", "Joanna", "Jonas", "Jun", "Karim", "Katarina", "Kofi", "Lea",
    "Lin", "Lucas", "Maja", "Margaret", "Mateo", "Mei", "Milan", "Nadia", "Niklaus", "Noor",
    "Olga", "Oscar", "Paula", "Pedro", "Radia", "Ravi", "Rosa", "Samuel", "Sofia", "Sven", "Tamar",
    "Theo", "Tove", "Uma", "Vera", "Wanda", "Yara", "Yusuf", "Zoe",
];

const LAST_NAMES: &[&str] = &[
    "Abe",
    "Almeida",
    "Andersen",
    "Baker",
    "Bauer",
    "Berg",
    "Blanc",
    "Castro",
    "Costa",
    "Cruz",
    "Dahl",
    "Diaz",
    "Dubois",
    "Eriksen",
    "Farkas",
    "Fischer",
    "Fontaine",
    "Garcia",
    "Gomez",
    "Haas",
    "Hansen",
    "Hopper",
    "Ito",
    "Ivanova",
    "Jansen",
    "Kaya",
    "Keller",
    "Khan",
    "Kim",
    "Kowalski",
    "Kruger",
    "Larsen",
    "Laurent",
    "Lehmann",
    "Lopez",
    "Martin",
    "Meyer",
    "Moreau",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Olsen",
    "Papadopoulos",
    "Patel",
    "Petrov",
    "Popescu",
    "Reyes",
    "Ricci",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Suzuki",
    "Tanaka",
    "Torres",
    "Varga",
    "Virtanen",
    "Wagner",
    "Wang",
    "Weber",
    "Wolf",
    "Yilmaz",
    "Zhang",
];

const ROLES: &[&str] = &[
    "Architect",
    "Bookbinder",
    "Cartographer",
    "Data engineer",
    "Designer",
    "Gardener",
    "Librarian",
    "Nurse",
    "Physicist",
    "Product manager",
    "Sound engineer",
    "Teacher",
];

const HABITS: &[&str] = &[
    "answers before noon",
    "collects train tickets",
    "draws everything twice",
    "keeps the meeting notes",
    "reads the manual first",
    "prefers long walks to long calls",
    "repairs old radios",
    "ships on Tuesdays",
    "takes the stairs",
    "tests in the rain",
];

const ADJECTIVES: &[&str] = &[
    "Annual", "Blue", "Bright", "Central", "Coastal", "Deep", "Early", "Green", "Hidden", "Inner",
    "Late", "Northern", "Open", "Paper", "Quiet", "Rapid", "Shared", "Silver", "Southern", "Urban",
];

const SUBJECTS: &[&str] = &[
    "Accounts",
    "Analytics",
    "Archive",
    "Atlas",
    "Bakery",
    "Budget",
    "Campus",
    "Catalogue",
    "Clinic",
    "Festival",
    "Garden",
    "Harbour",
    "Hiring",
    "Kitchen",
    "Library",
    "Logistics",
    "Museum",
    "Observatory",
    "Onboarding",
    "Orchestra",
    "Planning",
    "Press",
    "Research",
    "Roadmap",
    "School",
    "Studio",
    "Survey",
    "Theatre",
    "Transport",
    "Workshop",
];

const PAGES: &[&str] = &["Overview", "Minutes", "Decisions", "Questions", "Calendar"];

const SENTENCES: &[&str] = &[
    "The next meeting is on Thursday, in the small room.",
    "Numbers of last month are in the table below.",
    "We have decided to keep the old door.",
    "Nobody has asked for this yet, but somebody will.",
    "Please add your name when you have read this.",
    "The draft is open for comments until the end of the week.",
    "Two of the five questions are answered.",
    "What is left is small, and what is small is left.",
    "The keys hang where they always hang.",
    "See the minutes for the reasons.",
    "This page replaces three older ones.",
    "The order of the rows is not a ranking.",
];

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { users: 300, spaces: 30 };

    #[test]
    fn a_seed_gives_one_world() {
        assert_eq!(world(1, SMALL), world(1, SMALL));
        assert_ne!(world(1, SMALL), world(2, SMALL));
    }

    #[test]
    fn members_and_pages_refer_to_each_other() {
        let world = world(3, SMALL);
        assert_eq!((world.users.len(), world.spaces.len()), (300, 30));
        for space in &world.spaces {
            assert!(space.pages.iter().all(|id| world.pages[*id as usize - 1].space == space.id));
            for member in &space.members {
                assert!(world.users[*member as usize - 1].spaces.contains(&space.id));
            }
        }
        let memberships: usize = world.users.iter().map(|user| user.spaces.len()).sum();
        let members: usize = world.spaces.iter().map(|space| space.members.len()).sum();
        assert_eq!(memberships, members);
    }

    #[test]
    fn a_world_may_be_empty() {
        let world = world(1, Size { users: 0, spaces: 2 });
        assert!(world.users.is_empty() && world.spaces.iter().all(|s| s.members.is_empty()));
    }
}
