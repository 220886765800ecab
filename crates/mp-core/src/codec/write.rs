//! A value to bytes.

use serde::ser::{self, Serialize};

use super::error::{Error, Result};
use super::numbers;
use super::sink::Sink;

/// Writes the bytes of a value.
pub(crate) fn to_sink<T: Serialize + ?Sized>(
    value: &T,
    sink: &mut Sink,
) -> Result<()> {
    Writer { sink }.value(value)
}

/// Writes one value, and what is in it.
struct Writer<'a> {
    sink: &'a mut Sink,
}

impl Writer<'_> {
    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match numbers::of(value) {
            Some((count, bytes)) => {
                self.length(count)?;
                self.push(bytes)
            }
            None => value.serialize(Writer { sink: self.sink }),
        }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.sink.push(bytes)?)
    }

    fn length(&mut self, length: usize) -> Result<()> {
        self.push(&(length as u64).to_ne_bytes())
    }

    fn variant(&mut self, index: u32) -> Result<()> {
        self.push(&index.to_ne_bytes())
    }
}

macro_rules! numbers {
    ($($method:ident $number:ty,)*) => {$(
        #[inline]
        fn $method(mut self, number: $number) -> Result<()> {
            self.push(&number.to_ne_bytes())
        }
    )*};
}

impl ser::Serializer for Writer<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers! {
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32,
        serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32,
        serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64,
    }

    fn serialize_bool(mut self, value: bool) -> Result<()> {
        self.push(&[value.into()])
    }

    fn serialize_char(mut self, value: char) -> Result<()> {
        self.push(&u32::from(value).to_ne_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(mut self, value: &[u8]) -> Result<()> {
        self.length(value.len())?;
        self.push(value)
    }

    fn serialize_none(mut self) -> Result<()> {
        self.push(&[0])
    }

    fn serialize_some<T: Serialize + ?Sized>(
        mut self,
        value: &T,
    ) -> Result<()> {
        self.push(&[1])?;
        self.value(value)
    }

    fn serialize_unit(self) -> Result<()> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        Ok(())
    }

    fn serialize_unit_variant(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result<()> {
        self.variant(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.value(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(index)?;
        self.value(value)
    }

    fn serialize_seq(mut self, length: Option<usize>) -> Result<Self> {
        self.length(length.ok_or(Error::NoLength)?)?;
        Ok(self)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self> {
        self.variant(index)?;
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self> {
        self.serialize_seq(length)
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self> {
        self.serialize_tuple_variant(name, index, variant, length)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! parts {
    ($($of:ident $part:ident,)*) => {$(
        impl ser::$of for Writer<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $part<T: Serialize + ?Sized>(
                &mut self,
                value: &T,
            ) -> Result<()> {
                self.value(value)
            }

            fn end(self) -> Result<()> {
                Ok(())
            }
        }
    )*};
}
parts! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! fields {
    ($($of:ident,)*) => {$(
        impl ser::$of for Writer<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _name: &'static str,
                value: &T,
            ) -> Result<()> {
                self.value(value)
            }

            fn end(self) -> Result<()> {
                Ok(())
            }
        }
    )*};
}
fields! { SerializeStruct, SerializeStructVariant, }

impl ser::SerializeMap for Writer<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.value(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<()> {
        self.value(value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}
