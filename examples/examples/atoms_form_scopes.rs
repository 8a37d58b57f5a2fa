//! A form over nested scopes: fields that belong to a row, a form around them, and an app around that.
//!
//! `cargo run -p trine-examples --example atoms_form_scopes`
//!
//! The same atoms are used in every row and in every form; providers say where they have values of their own. Validation is
//! derived, and computed from what each place shows. One action reads and writes atoms of all three levels, and commits once.

use trine_atoms::{Action, Atom, DerivedAtom, Place, PlaceError, Provider, Store, synergy};

// The app.
static CURRENCY: Atom<&str> = Atom::new("currency", || "EUR");
static ORDERS: Atom<Vec<String>> = Atom::new("orders", Vec::new);

// A form: only where a provider says so. To use it elsewhere is a mistake, and a typed error.
static CUSTOMER: Atom<String> = Atom::new("customer", String::new).provided();
static NOTE: Atom<Option<String>> = Atom::new("note", || Some("gift".to_owned())).provided();

// A row of it.
static ARTICLE: Atom<String> = Atom::new("article", String::new).provided();
static AMOUNT: Atom<u32> = Atom::new("amount", || 1).provided();
static PRICE: Atom<u32> = Atom::new("price", || 0).provided();

static ROW_SUM: DerivedAtom<u32> =
    DerivedAtom::new("row sum", |cx| cx.get(&AMOUNT) * cx.get(&PRICE));
static ROW_ERROR: DerivedAtom<Option<&str>> = DerivedAtom::new("row error", |cx| {
    if cx.with(&ARTICLE, String::is_empty) {
        Some("which article?")
    } else if cx.get(&AMOUNT) == 0 {
        Some("how many?")
    } else {
        None
    }
});

/// A row, inside a form.
fn row(form: &Provider, article: &str, price: u32) -> Provider {
    Provider::builder("row", form)
        .provide_with(&ARTICLE, article.to_owned())
        .provide_with(&PRICE, price)
        .provide(&AMOUNT)
        .build()
}

/// What a row shows: its own sum, the app's currency.
fn show(row: &impl Place) -> String {
    let (article, amount) = synergy((&ARTICLE, &AMOUNT)).read(row);
    match ROW_ERROR.get(row) {
        Some(error) => format!("{amount} x ? ({error})"),
        None => format!("{amount} x {article}: {} {}", ROW_SUM.get(row), CURRENCY.get(row)),
    }
}

fn main() -> Result<(), PlaceError> {
    let store = Store::new();
    let form = Provider::builder("order", &store)
        .provide(&CUSTOMER)
        .provide_with(&NOTE, None) // an initial value like any other
        .build();
    let (tea, cups) = (row(&form, "tea", 4), row(&form, "", 3));

    // Rows do not know of each other; each is told of its own sum only.
    let told = ROW_SUM.subscribe(&tea, |sum| println!("tea comes to {sum}"));
    AMOUNT.set(&tea, 5);
    AMOUNT.set(&cups, 2);
    assert_eq!((ROW_SUM.get(&tea), ROW_SUM.get(&cups)), (20, 6));
    assert_eq!(show(&cups), "2 x ? (which article?)");
    ARTICLE.set(&cups, "cup".to_owned());

    // A write climbs to where the atom lives: the currency is the app's, whoever sets it.
    CURRENCY.set(&cups, "GBP");
    assert_eq!(show(&tea), "5 x tea: 20 GBP");
    assert_eq!(CURRENCY.get(&store), "GBP");
    CUSTOMER.set(&tea, "Ada".to_owned());
    assert_eq!(NOTE.get(&form), None);

    // The order of a row: from the row, the form and the app, in one commit.
    let order: Action<()> = synergy((&ARTICLE, &AMOUNT, &CUSTOMER, &ORDERS)).action(
        |(article, mut amount, customer, mut orders), ()| {
            orders.push(format!("{} orders {} {}", *customer, *amount, *article));
            *amount = 1;
        },
    );
    order.run(&tea, ());
    order.run(&cups, ());
    assert_eq!(ORDERS.get(&store), ["Ada orders 5 tea", "Ada orders 2 cup"]);
    assert_eq!((AMOUNT.get(&tea), AMOUNT.get(&cups)), (1, 1));

    // A row that is outside of every form is a mistake, and says so when its handle is made.
    let error = ARTICLE.at(&store).expect_err("no provider around");
    println!("{error}");

    // The dialog is closed: what belongs to it goes, and late writes are errors instead of writes into nowhere.
    let late = CUSTOMER.at(&form)?;
    drop(told);
    form.end();
    assert!(tea.is_ended());
    assert!(late.try_set("Grace".to_owned()).is_err());
    assert!(matches!(AMOUNT.at(&cups), Err(PlaceError::Ended { .. })));
    for order in ORDERS.get(&store) {
        println!("{order}");
    }
    Ok(())
}

#[test]
fn the_form_behaves_as_it_says() {
    main().unwrap();
}
