//! Shared objects cross to a process while it is being started, by every start
//! method, inside whatever the program makes of them, and on to the next one.

use std::collections::HashMap;

use mp_core::{
    Array, ChunkedArray, Context, Lock, Process, RLock, RawArray, RawValue,
    Run, StartMethod, Value,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::steps::{Running, Steps, run};

crate::cases! {
    each_method: [
        nested_in_types_of_ones_own,
        nested_in_a_type_that_runs,
        grandchildren_of_every_method,
        forked_children_of_forked_children,
        the_same_object_twice,
        many_arenas,
        no_other_way_out_or_in,
    ],
    once: [],
}

#[derive(Clone, Serialize, Deserialize)]
struct Account {
    name: String,
    lock: Lock,
    balances: HashMap<String, Value<i64>>,
    kind: Kind,
    spare: Option<RLock>,
    none: Option<Box<Account>>,
}

#[derive(Clone, Serialize, Deserialize)]
enum Kind {
    Empty,
    History(Vec<Array<u8>>),
    Flags { set: [RawValue<u8>; 2], bits: RawArray<u16> },
}

fn account(kind: Kind) -> Account {
    let names = ["giro", "savings"].map(str::to_owned);
    Account {
        name: "mine".to_owned(),
        lock: Lock::new(),
        balances: names.map(|name| (name, Value::new(5))).into(),
        kind,
        spare: Some(RLock::new()),
        none: None,
    }
}

/// Changes all that is in it, having found it as it was made.
fn work(account: &Account) {
    let _guard = account.lock.acquire().unwrap();
    let spare = account.spare.as_ref().unwrap();
    let _spare = (spare.acquire().unwrap(), spare.acquire().unwrap());
    assert!(account.name == "mine" && account.none.is_none());
    for (name, balance) in &account.balances {
        *balance.lock() *= i64::try_from(name.len()).unwrap();
    }
    match &account.kind {
        Kind::Empty => (),
        Kind::History(lines) => {
            assert_eq!(lines.len(), 2);
            lines[0].lock().reverse();
            lines[1].lock().fill(b'x');
        }
        Kind::Flags { set, bits } => {
            set[1].set(set[0].get() + 1);
            bits.set(2, 0x8001);
        }
    }
}

fn nested_in_types_of_ones_own(_: StartMethod) {
    let history = ["abc", "de"].map(|line| Array::from_slice(line.as_bytes()));
    let set = [RawValue::new(1), RawValue::new(0)];
    let bits = RawArray::new(3);
    let accounts = vec![
        account(Kind::Empty),
        account(Kind::History(history.to_vec())),
        account(Kind::Flags { set: set.clone(), bits: bits.clone() }),
    ];
    let each = |accounts: Vec<Account>, extra: (u8, (Lock,))| {
        assert!(extra.0 == 9 && !extra.1.0.locked());
        accounts.iter().for_each(work);
    };
    run(each, (accounts.clone(), (9, (Lock::new(),))));
    for account in &accounts {
        assert_eq!(account.balances["giro"].get(), 20);
        assert_eq!(account.balances["savings"].get(), 35);
        assert!(!account.lock.locked());
    }
    let [one, two] = history.map(|line| line.lock().to_vec());
    assert_eq!((&*one, &*two), (&b"cba"[..], &b"xx"[..]));
    assert_eq!(set.map(|flag| flag.get()), [1, 2]);
    assert!(bits.iter().eq([0, 0, 0x8001]));
}

#[derive(Serialize, Deserialize)]
struct Worker {
    account: Account,
    times: usize,
}

impl Run for Worker {
    fn run(&self) {
        for _ in 0..self.times {
            work(&self.account);
        }
    }
}

fn nested_in_a_type_that_runs(_: StartMethod) {
    let account = account(Kind::Empty);
    let mut process = Process::from(Worker { account, times: 2 });
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
    assert_eq!(process.account.balances["giro"].get(), 80);
}

/// A child hands on what it was given, and what it made itself.
fn grandchildren_of_every_method(_: StartMethod) {
    fn child(lock: Lock, total: Value<i32>) {
        let own = Value::new(0);
        for method in StartMethod::ALL {
            let given = (lock.clone(), total.clone(), own.clone());
            let process = Context::new(method).process(grandchild, given);
            Running::from(process).finish();
        }
        assert_eq!(own.get(), 30);
    }
    fn grandchild(lock: Lock, total: Value<i32>, own: Value<i32>) {
        let _guard = lock.acquire().unwrap();
        *total.lock() += 1;
        *own.lock() += 10;
    }
    let (lock, total) = (Lock::new(), Value::new(0));
    run(child, (lock.clone(), total.clone()));
    assert_eq!(total.get(), 3);
    assert!(!lock.locked());
}

/// Copies of copies use what the first of them made, what each made itself,
/// and do not free what is another's.
fn forked_children_of_forked_children(_: StartMethod) {
    fn descend(made: Vec<Value<usize>>, steps: Steps) {
        steps.take();
        let depth = made.len();
        assert!(made.iter().enumerate().all(|(n, value)| value.get() == n));
        if depth < 5 {
            let own = Value::new(depth);
            let given = [&made[..], std::slice::from_ref(&own)].concat();
            let fork = Context::new(StartMethod::Fork);
            Running::from(fork.process(descend, (given, steps))).finish();
            assert_eq!(own.get(), depth + 100);
        }
        // Whoever made it, and whether or not that one sees it.
        let others = [(); 50].map(|()| Value::new(7_usize));
        if let Some(last) = made.last() {
            *last.lock() += 100;
        }
        assert!(others.iter().all(|other| other.get() == 7));
    }
    let steps = Steps::new();
    run(descend, (vec![], steps.clone()));
    assert_eq!(steps.count(), 6);
}

fn the_same_object_twice(_: StartMethod) {
    let (value, array) = (Value::new(1), Array::from_slice(&[1, 2]));
    run(
        |one: (Value<i32>, Array<i32>), two: (Array<i32>, Value<i32>)| {
            let guard = one.0.lock();
            assert!(two.1.try_lock().is_none());
            drop(guard);
            two.1.set(2);
            assert_eq!(one.0.get(), 2);
            one.1.set(0, 9);
            assert_eq!(two.0.get(0), Some(9));
        },
        ((value.clone(), array.clone()), (array.clone(), value.clone())),
    );
    assert_eq!((value.get(), array.get(0)), (2, Some(9)));
}

/// Objects of many sizes, which lie in several arenas, in one argument.
fn many_arenas(_: StartMethod) {
    fn fill(arrays: Vec<Array<u64>>) {
        for array in &arrays {
            let length = array.len() as u64;
            array.lock().fill(length);
        }
    }
    let arrays: Vec<Array<u64>> =
        (0..18).map(|power| Array::new(1 << power)).collect();
    run(fill, (arrays.clone(),));
    for array in &arrays {
        let length = array.len() as u64;
        assert!(array.lock().iter().all(|&item| item == length));
    }
}

/// Objects of each type, also in a child, and also after a start.
fn no_other_way_out_or_in(_: StartMethod) {
    fn check<T: Serialize + DeserializeOwned>(object: T, name: &str) {
        let sentence = format!(
            "{name} objects should only be shared between processes through \
             inheritance"
        );
        let error = serde_json::to_string(&object).unwrap_err();
        assert_eq!(error.to_string(), sentence);
        let error = serde_json::to_string(&vec![Some(object)]).unwrap_err();
        assert_eq!(error.to_string(), sentence);
        let place = r#"{"arena":0,"offset":0,"length":64,"count":1}"#;
        let error = serde_json::from_str::<T>(place).err().unwrap();
        assert!(error.to_string().starts_with(&sentence), "{error}");
    }
    check(Lock::new(), "Lock");
    check(RLock::new(), "RLock");
    check(Value::new(1), "Value");
    check(Array::<i32>::new(1), "Array");
    let chunked = ChunkedArray::<i32>::new(1, 1);
    check(chunked.chunk(0).unwrap(), "Chunk");
    check(chunked, "ChunkedArray");
    check(RawValue::new(1), "RawValue");
    check(RawArray::<i32>::new(1), "RawArray");
    let lock = Lock::new();
    run(|lock: Lock| check(lock, "Lock"), (lock.clone(),));
    check(lock, "Lock");
}
