//! Random tables of handlers against a naive oracle: which handlers run, and what is chained.

use crate::stage::Log;
use proptest::prelude::*;
use trine_core::{Store, test::ManualExecutor};
use trine_tao::{AppCtx, HandlerGuard, Kernel, Part, Pattern, Phase, Trigram, Verdict};

type Names = (&'static str, &'static str, &'static str);

/// A handler: its phase, its pattern, and what it answers.
#[derive(Debug, Clone)]
struct Spec {
    phase: Phase,
    pattern: Pattern,
    answer: Answer,
}

#[derive(Debug, Clone)]
enum Answer {
    Nothing,
    Fail,
    Halt,
    To(Names),
}

#[derive(Debug, Clone)]
enum Step {
    Add(Spec),
    Remove(usize),
    Set(Names),
}

fn names(choice: &'static [&'static str]) -> impl Strategy<Value = Names> {
    let part = move || prop::sample::select(choice);
    (part(), part(), part())
}

fn signals() -> impl Strategy<Value = Names> {
    names(&["a", "b", "c"])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let phase = prop::sample::select(vec![Phase::Intercept, Phase::Async, Phase::Inline]);
    let answer = prop_oneof![
        6 => Just(Answer::Nothing),
        1 => Just(Answer::Fail),
        1 => Just(Answer::Halt),
        2 => signals().prop_map(Answer::To),
    ];
    let part = || {
        let parts: Vec<Part> =
            vec!["*".into(), "a".into(), "b".into(), ["a", "b"].into(), ["b", "c"].into()];
        prop::sample::select(parts)
    };
    let pattern = (part(), part(), part()).prop_map(Pattern::from);
    let spec = (phase, pattern, answer).prop_map(|(phase, pattern, answer)| Spec {
        phase,
        pattern,
        answer,
    });
    let step = prop_oneof![
        4 => spec.prop_map(Step::Add),
        1 => (0_usize..8).prop_map(Step::Remove),
        4 => signals().prop_map(Step::Set),
    ];
    prop::collection::vec(step, 1..30)
}

fn context((term, action, orient): Names) -> AppCtx {
    AppCtx::new(term, action, orient)
}

fn register(tao: &Kernel, log: &Log, number: usize, spec: &Spec) -> HandlerGuard {
    let (log, answer) = (log.clone(), spec.answer.clone());
    let ran = move |cx: AppCtx| {
        log.note(format!("{number} {cx}"));
        answer.clone()
    };
    let reaction = |ran: &dyn Fn(AppCtx) -> Answer, cx| match ran(cx) {
        Answer::Nothing | Answer::Halt => Ok(None),
        Answer::Fail => Err("failed".into()),
        Answer::To(names) => Ok(Some(context(names))),
    };
    match spec.phase {
        Phase::Intercept => tao.on_intercept(spec.pattern.clone(), move |cx| match ran(cx) {
            Answer::Nothing => Ok(Verdict::Pass),
            Answer::Fail => Err("failed".into()),
            Answer::Halt => Ok(Verdict::halt("halted")),
            Answer::To(names) => Ok(Verdict::Redirect(context(names))),
        }),
        Phase::Async => tao.on_async(spec.pattern.clone(), move |cx| reaction(&ran, cx)),
        Phase::Inline => tao.on_inline(spec.pattern.clone(), move |cx| reaction(&ran, cx)),
    }
}

/// The patterns without lists that this one stands for.
fn combinations(pattern: &Pattern) -> Vec<String> {
    let [term, action, orient] = pattern.parts().each_ref().map(|part| match part.names() {
        None => vec!["*".into()],
        Some(names) => names.to_vec(),
    });
    let pairs = term.iter().flat_map(|term| action.iter().map(move |action| (term, action)));
    pairs
        .flat_map(|(term, action)| {
            orient.iter().map(move |orient| format!("{term},{action},{orient}"))
        })
        .collect()
}

/// What must have run, in no particular order, by the plainest reading of the contract.
fn oracle(handlers: &[(usize, Spec)], first: Names, budget: usize) -> Vec<String> {
    let (mut ran, mut queue, mut chained) = (Vec::new(), vec![first], 0);
    while let Some((term, action, orient)) = queue.pop() {
        let signal = Trigram::new(term, action, orient).unwrap();
        let of = |phase| {
            let signal = signal.clone();
            handlers
                .iter()
                .filter(move |(_, spec)| spec.phase == phase && spec.pattern.matches(&signal))
        };
        let mut next = Vec::new();
        ran.extend(of(Phase::Intercept).map(|(number, _)| format!("{number} {signal}")));
        let answers: Vec<_> = of(Phase::Intercept).map(|(_, spec)| &spec.answer).collect();
        let stopped = answers.iter().any(|answer| matches!(answer, Answer::Halt | Answer::Fail));
        let redirect = answers.iter().find_map(|answer| match answer {
            Answer::To(names) => Some(*names),
            _ => None,
        });
        if stopped {
        } else if let Some(names) = redirect {
            next.push(names);
        } else {
            for (number, spec) in of(Phase::Async).chain(of(Phase::Inline)) {
                ran.push(format!("{number} {signal}"));
                if let Answer::To(names) = spec.answer {
                    next.push(names);
                }
            }
        }
        chained += next.len();
        if chained > budget {
            return Vec::new();
        }
        queue.extend(next);
    }
    ran.sort();
    ran
}

proptest! {
    #[test]
    fn the_handlers_that_run_are_those_that_the_contract_says(steps in steps(), shuffle: Option<u64>) {
        const BUDGET: u32 = 50;
        let runtime = ManualExecutor::new();
        let store = Store::with_spawner(runtime.clone());
        let builder = Kernel::builder(&store).hop_budget(BUDGET);
        let tao = match shuffle {
            Some(seed) => builder.shuffle(seed).build(),
            None => builder.build(),
        };
        let log = Log::default();
        let (mut model, mut guards) = (Vec::new(), Vec::new());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Add(spec) => {
                    guards.push(register(&tao, &log, number, &spec));
                    model.push((number, spec));
                }
                Step::Remove(place) if place < model.len() => {
                    model.remove(place);
                    drop(guards.remove(place));
                }
                Step::Remove(_) => {}
                Step::Set(names) => {
                    let cascade = tao.set(context(names));
                    runtime.run_until_stalled();
                    prop_assert!(cascade.is_settled());
                    let mut ran = log.take();
                    ran.sort();
                    let expected = oracle(&model, names, BUDGET as usize);
                    // Beyond the budget, what still ran depends on the order.
                    if !expected.is_empty() || ran.len() < BUDGET as usize {
                        prop_assert_eq!(ran, expected);
                    }
                }
            }
        }
        let patterns: std::collections::BTreeSet<_> =
            model.iter().flat_map(|(_, spec)| combinations(&spec.pattern)).collect();
        prop_assert_eq!(tao.pattern_count(), patterns.len());
        let known: Vec<_> = tao.handlers().iter().map(|handler| (handler.id().phase(), handler.pattern().clone())).collect();
        let registered: Vec<_> = model.iter().map(|(_, spec)| (spec.phase, spec.pattern.clone())).collect();
        prop_assert_eq!(known, registered);
        prop_assert_eq!(runtime.pending(), 0);
    }
}
