//! Typed trigrams, and what kernels know of handlers by their types.

use trine_tao::{
    AppCtx, BoxError, Kernel, Outputs, Store, Verdict,
    typed::{Gate, OneOf, Signal, emit, signal, trigram},
};

trine_tao::parts! {
    term User(String), App;
    action Find(u32), Enter, Lose;
    orient Portal;
}

type Found = OneOf<(Signal<User, Enter, Portal>, Signal<User, Lose, Portal>)>;

#[test]
fn an_untyped_context_is_a_signal_of_its_own_trigram_only_and_is_given_back_otherwise() {
    let cx = AppCtx::new(User, Find, Portal).action(7_u32);
    let find: Signal<User, Find, Portal> = cx.try_into().unwrap();
    assert_eq!(find.action_datum(), Ok(&7));
    let error = Signal::<User, Enter, Portal>::try_from(AppCtx::from(find)).unwrap_err();
    assert_eq!(error.to_string(), "the signal {User,Find,Portal} is not {User,Enter,Portal}");
    assert_eq!(error.found.action_datum::<u32>(), Ok(&7));
}

#[test]
fn a_slot_that_was_filled_through_an_untyped_context_with_another_type_is_an_error_and_no_panic() {
    let tao = Kernel::new(&Store::new());
    let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
    let noted = std::sync::Arc::clone(&seen);
    let _handler = tao.on_inline(trigram(User, Find, Portal), move |cx| {
        *noted.lock().unwrap() = Some(cx.action_datum().cloned());
    });
    tao.set(AppCtx::new("User", "Find", "Portal").action("seven"));
    let error = seen.lock().unwrap().take().unwrap().unwrap_err();
    assert_eq!(error.found, Some("&str"));
}

#[test]
fn the_type_of_an_answer_says_what_a_handler_may_chain_to() {
    let tao = Kernel::new(&Store::new());
    let on = trigram(User, Find, Portal);
    let enter = || signal(User, Enter, Portal);
    let _handlers = (
        tao.on_inline(on, |_| ()),
        tao.on_inline(on, move |_| enter()),
        tao.on_inline(on, move |_| async move { Ok::<_, BoxError>(Some(enter())) }),
        tao.on_async(on, move |_| async move { vec![enter()] }),
        tao.on_inline(on, move |_| -> Result<Found, BoxError> { Ok(emit(enter())) }),
        tao.on_inline(on, move |_| AppCtx::from(enter())),
        tao.on_intercept(on, |_| -> Gate { Gate::halt("closed") }),
        tao.on_intercept(on, |_| Verdict::Pass),
    );
    let outputs: Vec<_> =
        tao.handlers().iter().map(|handler| handler.outputs().to_string()).collect();
    let entered = "{User,Enter,Portal}";
    let either = "{User,Enter,Portal}, {User,Lose,Portal}";
    let any = "any signal";
    assert_eq!(outputs, ["nothing", entered, entered, entered, either, any, "nothing", any]);
    assert_eq!(tao.emitters_of(&trigram(User, Lose, Portal).name()).len(), 1);
    assert!(Outputs::any().may_be(&trigram(App, Enter, Portal).name()));
    assert!(!tao.handlers()[1].outputs().may_be(&trigram(App, Enter, Portal).name()));
}

#[test]
fn typed_and_untyped_handlers_hear_the_same_signals() {
    let tao = Kernel::new(&Store::new());
    let log = trine_core::test::Log::default();
    let (typed, wild) = (log.clone(), log.clone());
    let _handlers = (
        tao.on_inline(trigram(User, Find, Portal), move |cx| typed.note(format!("typed {cx}"))),
        tao.on_inline((User, ["Find", "Lose"], "*"), move |cx| wild.note(format!("untyped {cx}"))),
    );
    tao.set(signal(User, Find, Portal));
    tao.set(AppCtx::new("User", "Find", "Portal"));
    assert_eq!(log.take(), ["typed {User,Find,Portal}", "untyped {User,Find,Portal}"].repeat(2));
}
