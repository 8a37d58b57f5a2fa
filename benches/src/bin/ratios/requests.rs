//! A question to another part of the app, and its answer, awaited on a current-thread runtime.

use crate::{Row, runs::runtime};
use kameo::prelude::{Actor, ActorRef, Context, Message, Spawn};
use std::{convert::Infallible, hint::black_box};
use tokio::sync::{mpsc, oneshot};
use trine_benches::Workload;
use trine_core::Store;
use trine_tao::{AppCtx, Kernel};

pub(crate) fn rows(rows: &mut Vec<Row>) {
    rows.push(Row::new("tao/request", tao, "kameo", actor));
    rows.push(Row::new("tao/request", tao, "mpsc-oneshot", channels));
}

/// A signal whose handler chains to another one, which is the declared response.
fn tao() -> Workload<'static> {
    let runtime = runtime();
    let tao = Kernel::new(&Store::new());
    tao.on_inline(("User", "Find", "Portal"), |_| AppCtx::new("User", "Enter", "Portal")).detach();
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                let find = black_box(AppCtx::new("User", "Find", "Portal"));
                let answer = tao.request(find).expect(("User", "Enter", "Portal")).await;
                assert_eq!(answer.expect("an answer").trigram().action(), "Enter");
            }
        });
    })
}

/// What is asked, and what is answered.
struct Find;
struct Found(u64);

/// An actor that answers.
struct Users;

impl Actor for Users {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(users: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(users)
    }
}

impl Message<Find> for Users {
    type Reply = Result<u64, Infallible>;

    async fn handle(&mut self, _: Find, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        Ok(black_box(7))
    }
}

/// `ask` of an actor.
fn actor() -> Workload<'static> {
    let runtime = runtime();
    let users = runtime.block_on(async { Users::spawn(Users) });
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                assert_eq!(users.ask(black_box(Find)).await.expect("an answer"), 7);
            }
        });
    })
}

/// A task that is sent what is asked with a place for the answer: what an app writes by hand.
fn channels() -> Workload<'static> {
    let runtime = runtime();
    let (ask, mut asked) = mpsc::channel::<(Find, oneshot::Sender<Found>)>(64);
    runtime.spawn(async move {
        while let Some((Find, reply)) = asked.recv().await {
            let _ = reply.send(Found(black_box(7)));
        }
    });
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                let (reply, answer) = oneshot::channel();
                ask.send((black_box(Find), reply)).await.expect("a task that listens");
                assert_eq!(answer.await.expect("an answer").0, 7);
            }
        });
    })
}
