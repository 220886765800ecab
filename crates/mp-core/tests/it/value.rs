//! Shared values: the behaviours VAL that are about one.

use std::fmt::Debug;
use std::sync::atomic::Ordering;

use bytemuck::{Pod, Zeroable};
use mp_core::{Array, RawArray, RawValue, StartMethod, Value};
use serde::{Deserialize, Serialize};

use crate::steps::{run, start};

crate::cases! {
    each_method: [
        val_01_value_shared_with_a_child,
        val_01_raw_value_shared_with_a_child,
        val_04_locked_increments_add_up,
        val_04_atomic_increments_add_up,
        val_09_records,
    ],
    once: [
        val_02_zero_by_default,
        val_10_copy,
    ],
}

/// One value of each kind of type.
#[derive(Serialize, Deserialize)]
struct Values {
    int: Value<i32>,
    double: Value<f64>,
    short: Value<i16>,
    long: Value<i64>,
    byte: Value<u8>,
}

fn val_01_value_shared_with_a_child(_: StartMethod) {
    fn child(values: Values) {
        assert_eq!(values.int.get(), -7);
        values.int.set(99);
        values.double.set(-2.5);
        values.short.set(123);
        *values.long.lock() *= 2;
        values.byte.set(b'm');
    }
    let int = Value::new(-7);
    let double = Value::new(1.75);
    let short = Value::new(-321);
    let long = Value::new(1 << 35);
    let byte = Value::new(b'k');
    assert_eq!((int.get(), double.get(), short.get()), (-7, 1.75, -321));
    assert_eq!((long.get(), byte.get()), (1 << 35, b'k'));
    let values = Values {
        int: int.clone(),
        double: double.clone(),
        short: short.clone(),
        long: long.clone(),
        byte: byte.clone(),
    };
    run(child, (values,));
    assert_eq!((int.get(), double.get(), short.get()), (99, -2.5, 123));
    assert_eq!((long.get(), byte.get()), (1 << 36, b'm'));
}

fn val_01_raw_value_shared_with_a_child(_: StartMethod) {
    type Raw = (
        RawValue<i32>,
        RawValue<f64>,
        RawValue<i16>,
        RawValue<i64>,
        RawValue<u8>,
    );
    fn child((int, double, short, long, byte): Raw) {
        assert_eq!((int.get(), double.get(), short.get()), (-7, 1.75, -321));
        int.set(99);
        double.set(-2.5);
        short.set(123);
        long.set(long.get() * 2);
        byte.set(b'm');
    }
    let raw: Raw = (
        RawValue::new(-7),
        RawValue::new(1.75),
        RawValue::new(-321),
        RawValue::new(1 << 35),
        RawValue::new(b'k'),
    );
    run(child, (raw.clone(),));
    let (int, double, short, long, byte) = raw;
    assert_eq!((int.get(), double.get(), short.get()), (99, -2.5, 123));
    assert_eq!((long.get(), byte.get()), (1 << 36, b'm'));
}

/// Also where the memory was used before: an item of an array that is made
/// without items, and the default of a value, are zero.
fn val_02_zero_by_default() {
    fn zero<T: Pod + Default + PartialEq + Debug>() {
        // Used before, and given back.
        drop(RawArray::from_slice(&[0xff_u8; 256]));
        assert_eq!(Value::<T>::default().get(), T::zeroed());
        drop(RawArray::from_slice(&[0xff_u8; 256]));
        let array = Array::<T>::new(3);
        assert_eq!(*array.lock(), [T::zeroed(); 3]);
        drop(RawArray::from_slice(&[0xff_u8; 256]));
        let array = RawArray::<T>::new(3);
        assert!(array.iter().all(|item| item == T::zeroed()));
    }
    zero::<i8>();
    zero::<u8>();
    zero::<i16>();
    zero::<u16>();
    zero::<i32>();
    zero::<u32>();
    zero::<i64>();
    zero::<u64>();
    zero::<f32>();
    zero::<f64>();
    zero::<isize>();
    zero::<usize>();
}

fn val_04_locked_increments_add_up(_: StartMethod) {
    fn count(total: Value<i64>) {
        for _ in 0..2000 {
            let mut total = total.lock();
            let seen = *total;
            *total = seen + 1;
        }
    }
    let total = Value::new(0);
    let processes = [(); 4].map(|()| start(count, (total.clone(),)));
    for process in &processes {
        process.finish();
    }
    assert_eq!(total.get(), 8000);
}

/// Without a lock. Python has no such thing.
fn val_04_atomic_increments_add_up(_: StartMethod) {
    fn count(total: RawValue<i64>, narrow: RawValue<u8>) {
        for _ in 0..2000 {
            total.atomic().fetch_add(1, Ordering::Relaxed);
            narrow.atomic().fetch_add(1, Ordering::Relaxed);
        }
    }
    let (total, narrow) = (RawValue::new(0), RawValue::new(0));
    let arguments = (total.clone(), narrow.clone());
    let processes = [(); 4].map(|()| start(count, arguments.clone()));
    for process in &processes {
        process.finish();
    }
    assert_eq!(total.get(), 8000);
    assert_eq!(i64::from(narrow.get()), 8000 % 256);
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Record {
    int: i32,
    /// What Python pads the record with. Plain data has no padding.
    filler: u32,
    double: f64,
    long: i64,
}

fn val_09_records(_: StartMethod) {
    type Shared = (
        (Value<Record>, Value<i32>, Value<f64>, Value<i64>),
        (RawValue<Record>, RawValue<i32>, RawValue<f64>, RawValue<i64>),
        Array<f64>,
        RawArray<f64>,
    );
    fn double((locked, raw, array, raw_array): Shared) {
        let doubled = |record: Record| Record {
            int: record.int * 2,
            double: record.double * 2.0,
            long: record.long * 2,
            ..record
        };
        let mut record = locked.0.lock();
        *record = doubled(*record);
        *locked.1.lock() *= 2;
        *locked.2.lock() *= 2.0;
        *locked.3.lock() *= 2;
        raw.0.set(doubled(raw.0.get()));
        raw.1.set(raw.1.get() * 2);
        raw.2.set(raw.2.get() * 2.0);
        raw.3.set(raw.3.get() * 2);
        for (index, item) in array.lock().iter_mut().enumerate() {
            *item *= 2.0;
            raw_array.set(index, raw_array.get(index).unwrap() * 2.0);
        }
    }
    let record = Record { int: 4, filler: 0, double: 2.5, long: 1 };
    let (int, float, long) = (9, 0.25, 1 << 40);
    let items = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let shared: Shared = (
        (
            Value::new(record),
            Value::new(int),
            Value::new(float),
            Value::new(long),
        ),
        (
            RawValue::new(record),
            RawValue::new(int),
            RawValue::new(float),
            RawValue::new(long),
        ),
        Array::from_slice(&items),
        RawArray::from_slice(&items),
    );
    run(double, (shared.clone(),));
    let (locked, raw, array, raw_array) = shared;
    let record = Record { int: 8, filler: 0, double: 5.0, long: 2 };
    assert_eq!((locked.0.get(), raw.0.get()), (record, record));
    assert_eq!((locked.1.get(), raw.1.get()), (18, 18));
    assert_eq!((locked.2.get(), raw.2.get()), (0.5, 0.5));
    assert_eq!((locked.3.get(), raw.3.get()), (1 << 41, 1 << 41));
    let items = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    assert_eq!(*array.lock(), items);
    assert_eq!(raw_array.iter().collect::<Vec<_>>(), items);
}

/// A copy is made of what is read. A clone is another handle.
fn val_10_copy() {
    let record = Record { int: 6, filler: 0, double: 1.25, long: 1 << 35 };
    let source = Value::new(record);
    let copy = Value::new(source.get());
    let clone = source.clone();
    source.set(Record::default());
    assert_eq!(copy.get(), record);
    assert_eq!(clone.get(), Record::default());
}
