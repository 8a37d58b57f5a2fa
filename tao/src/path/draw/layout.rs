//! Where each box is, and how each arrow goes: a layered layout, from the top down.
//!
//! The steps are those of Sugiyama, Tagawa and Toda (*Methods for Visual Understanding of Hierarchical System Structures*, 1981):
//!
//! 1. Circles are broken: an arrow that leads back, as a depth-first walk in the order of the rows finds them, does not count.
//! 2. Layers: each box is below everything that leads to it. Between two layers of boxes there is one for words.
//! 3. An arrow gets a point in each layer that it passes, as wide as its words where it has some: so nothing is
//!    drawn over anything. One that passes more than a few layers, and one that leads back, goes around at the right instead.
//! 4. Order in each layer: by the mean place of what a point is connected to, swept down and up a few times.
//! 5. Places: each point is moved towards the mean of its neighbours as far as there is room.
//!
//! All of it takes time linear in boxes and arrows, but for sorting the layers.

mod order;

use order::{first_order, order};

/// What is to be laid out: sizes of boxes, and arrows with the sizes of their words; in pixels, as everything here.
pub(super) struct Task {
    pub(super) boxes: Vec<Size>,
    pub(super) arrows: Vec<(usize, usize, Option<Size>)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Where everything is: places are those of upper left corners.
pub(super) struct Layout {
    pub(super) boxes: Vec<Point>,
    pub(super) arrows: Vec<Way>,
    pub(super) size: Size,
}

/// How an arrow goes.
#[derive(Default)]
pub(super) struct Way {
    /// From where it begins to where it ends.
    pub(super) points: Vec<Point>,
    /// Whether it goes around, in straight lines.
    pub(super) around: bool,
    /// Where its words are.
    pub(super) words: Option<Point>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Between two boxes of a layer.
const APART: f64 = 26.0;
/// Between two layers.
const BETWEEN: f64 = 20.0;
/// Between two lines that go around.
const LANE: f64 = 14.0;
/// An arrow that passes more layers of boxes than this goes around.
const PASSES: usize = 4;
/// How often the order is swept.
const SWEEPS: usize = 8;

/// A box or a point of an arrow, in its layer.
struct Spot {
    width: f64,
    x: f64,
    /// What it is connected to in the layers above and below.
    above: Vec<usize>,
    below: Vec<usize>,
}

/// A row of parts that are not connected is no wider than this, if its parts are not.
const SHELF: f64 = 1_150.0;

/// Lays out each part whose boxes are connected by itself, and puts the parts on shelves.
pub(super) fn laid_out(task: &Task) -> Layout {
    let part = parts(task);
    let count = part.iter().max().map_or(0, |last| last + 1);
    let mut tasks: Vec<Task> =
        (0..count).map(|_| Task { boxes: Vec::new(), arrows: Vec::new() }).collect();
    let mut inside = Vec::with_capacity(task.boxes.len());
    for (at, size) in task.boxes.iter().enumerate() {
        inside.push(tasks[part[at]].boxes.len());
        tasks[part[at]].boxes.push(*size);
    }
    let mut arrow_inside = Vec::with_capacity(task.arrows.len());
    for (from, to, words) in &task.arrows {
        let own = &mut tasks[part[*from]];
        arrow_inside.push(own.arrows.len());
        own.arrows.push((inside[*from], inside[*to], *words));
    }
    let mut layouts: Vec<Layout> = tasks.iter().map(connected).collect();
    let (mut x, mut y, mut height, mut width) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    for layout in &mut layouts {
        if x > 0.0 && x + layout.size.width > SHELF {
            (x, y, height) = (0.0, y + height, 0.0);
        }
        layout.move_by(x, y);
        x += layout.size.width;
        height = height.max(layout.size.height);
        width = width.max(x);
    }
    let boxes = (0..task.boxes.len()).map(|at| layouts[part[at]].boxes[inside[at]]).collect();
    let arrows =
        task.arrows.iter().enumerate().map(|(at, (from, ..))| {
            std::mem::take(&mut layouts[part[*from]].arrows[arrow_inside[at]])
        });
    Layout { boxes, arrows: arrows.collect(), size: Size { width, height: y + height } }
}

/// To which connected part each box belongs; parts are numbered in the order of their first boxes.
fn parts(task: &Task) -> Vec<usize> {
    let mut near = vec![Vec::new(); task.boxes.len()];
    for (from, to, _) in &task.arrows {
        near[*from].push(*to);
        near[*to].push(*from);
    }
    const NONE: usize = usize::MAX;
    let (mut part, mut count) = (vec![NONE; task.boxes.len()], 0);
    for root in 0..task.boxes.len() {
        if part[root] != NONE {
            continue;
        }
        let mut open = vec![root];
        while let Some(at) = open.pop() {
            if part[at] == NONE {
                part[at] = count;
                open.extend(&near[at]);
            }
        }
        count += 1;
    }
    part
}

impl Layout {
    fn move_by(&mut self, x: f64, y: f64) {
        let points =
            self.arrows.iter_mut().flat_map(|way| way.points.iter_mut().chain(&mut way.words));
        for point in self.boxes.iter_mut().chain(points) {
            point.x += x;
            point.y += y;
        }
    }
}

/// Lays out boxes that are connected.
fn connected(task: &Task) -> Layout {
    let forward = forward(task);
    let layer = layers(task, &forward);
    let depth = layer.iter().max().map_or(0, |deepest| deepest + 1);
    let mut spots: Vec<Spot> = task
        .boxes
        .iter()
        .map(|size| Spot { width: size.width, x: 0.0, above: vec![], below: vec![] })
        .collect();
    // Boxes are in even layers, words in odd ones.
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); (2 * depth).max(1)];
    let mut heights = vec![0.0_f64; rows.len()];
    for (at, size) in task.boxes.iter().enumerate() {
        rows[2 * layer[at]].push(at);
        heights[2 * layer[at]] = heights[2 * layer[at]].max(size.height);
    }
    // The points of each arrow, and which of them has the words.
    let mut chains: Vec<Option<Vec<usize>>> = Vec::with_capacity(task.arrows.len());
    for (at, (from, to, words)) in task.arrows.iter().enumerate() {
        if !forward[at] || layer[*to] > layer[*from] + PASSES {
            // Its words are beside it, where it leaves.
            heights[2 * layer[*from] + 1] =
                heights[2 * layer[*from] + 1].max(words.map_or(0.0, |size| size.height));
            chains.push(None);
            continue;
        }
        let mut chain = vec![*from];
        for (step, row) in (2 * layer[*from] + 1..2 * layer[*to]).enumerate() {
            let size = words.filter(|_| step == 0).unwrap_or(Size { width: 8.0, height: 0.0 });
            heights[row] = heights[row].max(size.height);
            rows[row].push(spots.len());
            chain.push(spots.len());
            spots.push(Spot { width: size.width, x: 0.0, above: vec![], below: vec![] });
        }
        chain.push(*to);
        for pair in chain.windows(2) {
            spots[pair[0]].below.push(pair[1]);
            spots[pair[1]].above.push(pair[0]);
        }
        chains.push(Some(chain));
    }
    first_order(&mut rows, &spots);
    order(&mut rows, &spots);
    let right = places(&rows, &mut spots);
    let mut tops = Vec::with_capacity(rows.len());
    let mut y = BETWEEN;
    for height in &heights {
        tops.push(y);
        y += height + BETWEEN;
    }
    let boxes: Vec<Point> = (0..task.boxes.len())
        .map(|at| Point { x: spots[at].x - spots[at].width / 2.0, y: tops[2 * layer[at]] })
        .collect();
    let ports = Ports::new(task, &spots, &chains, right);
    let mut lanes = Lanes { right, used: Vec::new() };
    let mut around: Vec<usize> =
        (0..task.arrows.len()).filter(|at| chains[*at].is_none()).collect();
    around.sort_by_key(|at| layer[task.arrows[*at].0].abs_diff(layer[task.arrows[*at].1]));
    let mut lane_of = vec![0.0; task.arrows.len()];
    let mut widest: f64 = 0.0;
    for at in around {
        let (from, to, words) = task.arrows[at];
        let (one, two) = (layer[from].min(layer[to]), layer[from].max(layer[to]));
        lane_of[at] = lanes.take(one, two + 1);
        widest = widest.max(words.map_or(0.0, |size| size.width));
    }
    let mut told = vec![0.0; rows.len()];
    let arrows = task.arrows.iter().enumerate().map(|(at, (from, to, words))| {
        let begin = Point { x: ports.out[at], y: boxes[*from].y + task.boxes[*from].height };
        let end = Point { x: ports.into[at], y: boxes[*to].y };
        match &chains[at] {
            Some(chain) => {
                let mut points = vec![begin];
                let inner = &chain[1..chain.len() - 1];
                for (step, spot) in inner.iter().enumerate() {
                    let row = 2 * layer[*from] + 1 + step;
                    points.push(Point { x: spots[*spot].x, y: tops[row] });
                    points.push(Point { x: spots[*spot].x, y: tops[row] + heights[row] });
                }
                points.push(end);
                let words = words.zip(inner.first()).map(|(size, spot)| Point {
                    x: spots[*spot].x - size.width / 2.0,
                    y: tops[2 * layer[*from] + 1],
                });
                Way { points, around: false, words }
            }
            None => {
                let (lane, below) = (lane_of[at], 2 * layer[*from] + 1);
                let leave = tops[below] - BETWEEN / 2.0;
                let enter = end.y - BETWEEN / 2.0;
                let points = vec![
                    begin,
                    Point { x: begin.x, y: leave },
                    Point { x: lane, y: leave },
                    Point { x: lane, y: enter },
                    Point { x: end.x, y: enter },
                    end,
                ];
                // Words of lines that leave at the same height stand below each other.
                let words = words.map(|size| {
                    let y = leave - size.height / 2.0 + told[below];
                    told[below] += size.height;
                    Point { x: lanes.end() + 6.0, y }
                });
                Way { points, around: true, words }
            }
        }
    });
    let arrows: Vec<Way> = arrows.collect();
    let width = if widest > 0.0 { lanes.end() + widest + 6.0 } else { lanes.end() } + BETWEEN;
    Layout { boxes, arrows, size: Size { width, height: y } }
}

/// Which arrows lead forward: all but those that close a circle on a depth-first walk.
fn forward(task: &Task) -> Vec<bool> {
    let mut leaving = vec![Vec::new(); task.boxes.len()];
    let mut entered = vec![false; task.boxes.len()];
    for (at, (from, to, _)) in task.arrows.iter().enumerate() {
        leaving[*from].push(at);
        entered[*to] |= from != to;
    }
    let mut forward = vec![true; task.arrows.len()];
    // 0: new, 1: on the way, 2: done.
    let mut state = vec![0_u8; task.boxes.len()];
    let begins = (0..task.boxes.len()).filter(|at| !entered[*at]);
    for root in begins.chain(0..task.boxes.len()).collect::<Vec<_>>() {
        if state[root] != 0 {
            continue;
        }
        state[root] = 1;
        let mut way = vec![(root, 0)];
        while let Some((at, step)) = way.last_mut() {
            let Some(arrow) = leaving[*at].get(*step).copied() else {
                state[*at] = 2;
                way.pop();
                continue;
            };
            *step += 1;
            let to = task.arrows[arrow].1;
            match state[to] {
                0 => {
                    state[to] = 1;
                    way.push((to, 0));
                }
                1 => forward[arrow] = false,
                _ => {}
            }
        }
    }
    forward
}

/// The layer of each box: below all that lead to it.
fn layers(task: &Task, forward: &[bool]) -> Vec<usize> {
    let mut leaving = vec![Vec::new(); task.boxes.len()];
    let mut waits = vec![0_usize; task.boxes.len()];
    for (at, (from, to, _)) in task.arrows.iter().enumerate().filter(|(at, _)| forward[*at]) {
        leaving[*from].push(task.arrows[at].1);
        waits[*to] += 1;
    }
    let mut layer = vec![0; task.boxes.len()];
    let mut open: Vec<usize> = (0..task.boxes.len()).filter(|at| waits[*at] == 0).collect();
    let mut sorted = Vec::with_capacity(task.boxes.len());
    while let Some(at) = open.pop() {
        sorted.push(at);
        for to in &leaving[at] {
            layer[*to] = layer[*to].max(layer[at] + 1);
            waits[*to] -= 1;
            if waits[*to] == 0 {
                open.push(*to);
            }
        }
    }
    // What nothing leads to stands right above the first thing that it leads to.
    for at in sorted {
        let is_first = layer[at] == 0 && !leaving[at].is_empty();
        if is_first {
            let first = leaving[at].iter().map(|to| layer[*to]).min().unwrap_or(1_usize);
            layer[at] = first - 1;
        }
    }
    layer
}

/// Moves spots towards their neighbours; returns where the widest layer ends.
fn places(rows: &[Vec<usize>], spots: &mut [Spot]) -> f64 {
    for row in rows {
        let mut x = 0.0;
        for spot in row {
            spots[*spot].x = x + spots[*spot].width / 2.0;
            x += spots[*spot].width + APART;
        }
    }
    for sweep in 0..2 * SWEEPS {
        let down = sweep % 2 == 0;
        let range: Vec<usize> =
            if down { (0..rows.len()).collect() } else { (0..rows.len()).rev().collect() };
        for row in range {
            let wanted: Vec<f64> = rows[row]
                .iter()
                .map(|spot| {
                    let near = if down { &spots[*spot].above } else { &spots[*spot].below };
                    let near = if near.is_empty() { &spots[*spot].above } else { near };
                    if near.is_empty() {
                        return spots[*spot].x;
                    }
                    near.iter().map(|at| spots[*at].x).sum::<f64>() / near.len() as f64
                })
                .collect();
            spread(&rows[row], &wanted, spots);
        }
    }
    let left = |spot: &Spot| spot.x - spot.width / 2.0;
    let least = spots.iter().map(left).fold(f64::INFINITY, f64::min);
    let least = if least.is_finite() { least } else { 0.0 };
    let mut right = 0.0_f64;
    for spot in spots.iter_mut() {
        spot.x += BETWEEN - least;
        right = right.max(spot.x + spot.width / 2.0);
    }
    right
}

/// Places a layer as near to what is wanted as its order and the space between its spots allow: neighbours that would be too close are put
/// together, and stand where they want to be on the average (pool adjacent violators).
fn spread(row: &[usize], wanted: &[f64], spots: &mut [Spot]) {
    // Of each pool: the sum of what its spots want for its first one, how many they are.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    let mut offsets = Vec::with_capacity(row.len());
    let mut offset = 0.0;
    for (at, spot) in row.iter().enumerate() {
        if at > 0 {
            offset += (spots[row[at - 1]].width + spots[*spot].width) / 2.0 + APART;
        }
        offsets.push(offset);
        pools.push((wanted[at] - offset, 1));
        while let [.., one, two] = &pools[..]
            && one.0 / one.1 as f64 > two.0 / two.1 as f64
        {
            let joined = (one.0 + two.0, one.1 + two.1);
            pools.pop();
            pools.pop();
            pools.push(joined);
        }
    }
    let mut at = 0;
    for (sum, count) in pools {
        for _ in 0..count {
            spots[row[at]].x = sum / count as f64 + offsets[at];
            at += 1;
        }
    }
}

/// Where arrows leave and enter their boxes: side by side, in the order of where they lead.
struct Ports {
    out: Vec<f64>,
    into: Vec<f64>,
}

impl Ports {
    fn new(task: &Task, spots: &[Spot], chains: &[Option<Vec<usize>>], right: f64) -> Self {
        let mut leaving = vec![Vec::new(); task.boxes.len()];
        let mut entering = vec![Vec::new(); task.boxes.len()];
        for (at, (from, to, _)) in task.arrows.iter().enumerate() {
            let (next, last) = match &chains[at] {
                Some(chain) => (spots[chain[1]].x, spots[chain[chain.len() - 2]].x),
                None => (right, right),
            };
            leaving[*from].push((next, at));
            entering[*to].push((last, at));
        }
        let mut ports =
            Self { out: vec![0.0; task.arrows.len()], into: vec![0.0; task.arrows.len()] };
        for (places, ends) in [(&mut ports.out, leaving), (&mut ports.into, entering)] {
            for (own, mut arrows) in ends.into_iter().enumerate() {
                arrows.sort_by(|one, two| one.0.total_cmp(&two.0));
                let count = arrows.len();
                for (index, (_, arrow)) in arrows.into_iter().enumerate() {
                    let share = (index as f64 + 1.0) / (count as f64 + 1.0) - 0.5;
                    places[arrow] =
                        spots[own].x + share * (spots[own].width * 0.7).min(count as f64 * 40.0);
                }
            }
        }
        ports
    }
}

/// Lines at the right, one beside the other where they would overlap.
struct Lanes {
    right: f64,
    /// Of each lane, up to which layer it is taken, from which.
    used: Vec<Vec<(usize, usize)>>,
}

impl Lanes {
    /// How many lanes there may be: beyond it, they overlap.
    const MOST: usize = 24;

    fn take(&mut self, from: usize, to: usize) -> f64 {
        let free = |lane: &Vec<(usize, usize)>| {
            // Only the last ones: lines come from short to long.
            lane.iter().rev().take(64).all(|(begin, end)| to < *begin || *end < from)
        };
        let lane = self.used.iter().position(free).unwrap_or(self.used.len()).min(Self::MOST);
        if lane == self.used.len() {
            self.used.push(Vec::new());
        }
        self.used[lane].push((from, to));
        self.right + LANE * (lane as f64 + 1.0)
    }

    fn end(&self) -> f64 {
        self.right + LANE * self.used.len() as f64
    }
}
