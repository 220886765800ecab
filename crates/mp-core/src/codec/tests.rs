//! Every form that serde has, there and back.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::os::fd::AsFd;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::read::from_bytes;
use super::sink::{Bytes, PIECE, Sink};
use super::write::to_sink;
use crate::sys::memory::{MappedFile, seal};

fn bytes_of<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut sink = Sink::new();
    to_sink(value, &mut sink).unwrap();
    let length = sink.length();
    let bytes = match sink.finish().unwrap() {
        Bytes::Inline(bytes) => bytes,
        Bytes::File(file) => {
            seal(&file).unwrap();
            MappedFile::new(file.as_fd()).unwrap().to_vec()
        }
    };
    assert_eq!(bytes.len(), length);
    bytes
}

#[track_caller]
fn there_and_back<T>(value: T)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let bytes = bytes_of(&value);
    assert_eq!(from_bytes::<T>(&bytes).unwrap(), value);
    // No beginning of it is a whole value, and none is read beyond its end.
    for length in 0..bytes.len().min(200) {
        let cut: Result<T> = from_bytes(&bytes[..length]);
        assert!(matches!(cut, Err(Error::End)), "{length} of {bytes:?}");
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Enum {
    Unit,
    Newtype(Vec<u16>),
    Tuple(u8, String),
    Struct { a: Option<i64>, b: Vec<f64> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Everything {
    numbers: (i8, i16, i32, i64, i128, u8, u16, u32, u64, u128),
    floats: [f64; 3],
    size: usize,
    letter: char,
    yes: bool,
    unit: (),
    text: String,
    options: Vec<Option<Enum>>,
    map: BTreeMap<String, Vec<i32>>,
    boxed: Box<[u64]>,
    nested: Vec<Vec<u8>>,
    cow: Cow<'static, str>,
}

fn everything() -> Everything {
    Everything {
        numbers: (-1, -2, -3, -4, -5, 6, 7, 8, 9, u128::MAX),
        floats: [0.5, f64::INFINITY, -0.0],
        size: 12,
        letter: 'ß',
        yes: true,
        unit: (),
        text: "twelve".to_owned(),
        options: vec![
            None,
            Some(Enum::Unit),
            Some(Enum::Newtype(vec![1, 2])),
            Some(Enum::Tuple(3, "four".to_owned())),
            Some(Enum::Struct { a: Some(-5), b: vec![6.5] }),
        ],
        map: BTreeMap::from([("one".to_owned(), vec![-1, 2])]),
        boxed: Box::new([1, 2, 3]),
        nested: vec![vec![], vec![1], vec![2, 3]],
        cow: Cow::Borrowed("moo"),
    }
}

#[test]
fn every_form() {
    there_and_back(everything());
    there_and_back(vec![everything(); 3]);
    there_and_back(Some(Some(everything())));
    there_and_back(HashMap::from([(1_u8, 'a'), (2, 'b')]));
    there_and_back(HashSet::from(["a".to_owned(), "b".to_owned()]));
    there_and_back(std::result::Result::<u8, String>::Err("no".to_owned()));
    there_and_back(std::time::Duration::new(1, 2));
    assert!(bytes_of(&()).is_empty());
}

#[test]
fn numbers_in_one_piece_and_one_by_one_are_the_same() {
    fn compare<N>(numbers: Vec<N>)
    where
        N: Serialize + DeserializeOwned + PartialEq + Debug + Clone + 'static,
        for<'a> &'a [N]: Serialize,
    {
        // A boxed `Vec` is none that the writer knows.
        let boxed = Box::new(numbers.clone());
        let bytes = bytes_of(&numbers);
        assert_eq!(bytes_of(&boxed), bytes);
        assert_eq!(bytes_of(&numbers.as_slice()), bytes);
        assert_eq!(bytes_of(&numbers.clone().into_boxed_slice()), bytes);
        let shared: Arc<[N]> = numbers.clone().into();
        assert_eq!(bytes_of(&shared), bytes);
        assert_eq!(*from_bytes::<Arc<[N]>>(&bytes).unwrap(), *numbers);
        assert_eq!(from_bytes::<Vec<N>>(&bytes).unwrap(), numbers);
        assert_eq!(*from_bytes::<Box<Vec<N>>>(&bytes).unwrap(), numbers);
        assert_eq!(*from_bytes::<Box<[N]>>(&bytes).unwrap(), *numbers);
        there_and_back((numbers.clone(), 1_u8, numbers));
    }
    compare(vec![1_u8, 2, 255]);
    compare(vec![1_i8, -2, 127]);
    compare(vec![1_u16, u16::MAX]);
    compare(vec![-1_i16, i16::MIN]);
    compare(vec![1_u32, u32::MAX]);
    compare(vec![-1_i32, i32::MIN]);
    compare(vec![1_u64, u64::MAX]);
    compare(vec![-1_i64, i64::MIN]);
    compare(vec![1_u128, u128::MAX]);
    compare(vec![-1_i128, i128::MIN]);
    compare(vec![0.5_f32, f32::MAX]);
    compare(vec![0.5_f64, f64::MIN]);
    compare(Vec::<f64>::new());
    // And those that are no numbers.
    there_and_back(vec![true, false]);
    there_and_back(vec!['a', 'ä']);
    there_and_back(vec![(); 5]);
}

#[test]
fn what_is_borrowed_is_not_copied() {
    let bytes = bytes_of(&("text", [1_u8, 2, 3].as_slice()));
    let (text, three): (&str, &[u8]) = from_bytes(&bytes).unwrap();
    assert_eq!((text, three), ("text", &[1, 2, 3][..]));
    let within = bytes.as_ptr_range();
    assert!(within.contains(&text.as_ptr()));
    assert!(within.contains(&three.as_ptr()));
}

#[test]
fn lengths_around_a_piece() {
    for length in [PIECE - 9, PIECE - 8, PIECE - 7, PIECE, 3 * PIECE + 1] {
        there_and_back("x".repeat(length));
        there_and_back((1_u8, vec![7_u8; length], "end".to_owned()));
        let many: Vec<(u8, u32)> =
            (0..length / 5).map(|n| (1, u32::try_from(n).unwrap())).collect();
        there_and_back(many);
    }
    there_and_back(Arc::new(vec![1.5_f64; PIECE]));
}

#[test]
fn what_only_the_data_could_tell_is_refused() {
    #[derive(Serialize, Deserialize, Debug)]
    #[serde(untagged)]
    enum Untagged {
        Number(u32),
    }
    let bytes = bytes_of(&Untagged::Number(7));
    let error = from_bytes::<Untagged>(&bytes).unwrap_err();
    assert!(matches!(error, Error::SelfDescribing), "{error}");
    let mut sink = Sink::new();
    let endless = serde_iterator((0..3).filter(|n| *n != 1));
    let error = to_sink(&endless, &mut sink).unwrap_err();
    assert!(matches!(error, Error::NoLength), "{error}");
}

/// A sequence whose length nobody knows.
fn serde_iterator(numbers: impl Iterator<Item = u8> + Clone) -> impl Serialize {
    struct Numbers<I>(I);
    impl<I: Iterator<Item = u8> + Clone> Serialize for Numbers<I> {
        fn serialize<S: serde::Serializer>(
            &self,
            to: S,
        ) -> std::result::Result<S::Ok, S::Error> {
            to.collect_seq(self.0.clone())
        }
    }
    Numbers(numbers)
}

#[test]
fn broken_bytes_are_told() {
    let told = |result: Result<()>| result.unwrap_err().to_string();
    let bool = from_bytes::<bool>(&[2]);
    assert_eq!(told(bool.map(drop)), "2 is no yes or no");
    let letter = from_bytes::<char>(&0xD800_u32.to_ne_bytes());
    assert_eq!(told(letter.map(drop)), "55296 is no letter");
    let mut bytes = bytes_of("ab");
    bytes[8] = 0xFF;
    let text = from_bytes::<&str>(&bytes);
    assert_eq!(told(text.map(drop)), "a text is not UTF-8");
    let variant = from_bytes::<Enum>(&9_u32.to_ne_bytes());
    assert!(told(variant.map(drop)).contains("variant"));
    // A length that no memory has.
    let long = u64::MAX.to_ne_bytes();
    assert!(from_bytes::<String>(&long).is_err());
    assert!(from_bytes::<Vec<f64>>(&long).is_err());
    assert!(from_bytes::<Vec<String>>(&long).is_err());
}

#[test]
fn random_bytes_do_no_harm() {
    let mut random = StdRng::seed_from_u64(1);
    let whole = bytes_of(&everything());
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..random.random_range(1..4) {
            let place = random.random_range(0..bytes.len());
            bytes[place] = random.random();
        }
        bytes.truncate(random.random_range(0..=bytes.len()));
        let _ = from_bytes::<Everything>(&bytes);
        let mut noise = [0; 64];
        random.fill_bytes(&mut noise);
        let _ = from_bytes::<Everything>(&noise);
    }
}
