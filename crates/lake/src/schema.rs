//! The columns of both tables, and events to and from them.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, ListBuilder, StringBuilder, StructBuilder,
    TimestampMicrosecondBuilder, UInt16Builder, UInt64Builder,
};
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray, UInt16Array, UInt64Array,
};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use base::{EventId, Id, Observable, Organisation};
use watch::lake::StoredEvent;

use crate::file::Trouble;
use crate::instant::Instant;

/// The leaf of the list of observables, whose Bloom filter answers "was it seen here".
pub(crate) const OBSERVABLE_LEAF: &str = "observables.list.element";

/// Columns of an event; the organisation is in the path.
pub(crate) static EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let whole = |name| Field::new(name, DataType::UInt64, false);
    Arc::new(Schema::new(vec![
        time_field("time"),
        Field::new("nanosecond", DataType::UInt16, false),
        Field::new("id", DataType::FixedSizeBinary(16), false),
        Field::new("time_stated", DataType::Boolean, false),
        text("product"),
        text("service"),
        text("category"),
        text("format"),
        text("file"),
        whole("offset"),
        whole("line"),
        Field::new("raw", DataType::Binary, false),
        Field::new("observables", DataType::List(observable_field()), false),
        Field::new("fields", DataType::List(named_field()), false),
    ]))
});

/// Columns of an observable; the organisation and the day are in the path.
pub(crate) static OBSERVABLES: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        text("kind"),
        text("value"),
        time_field("first"),
        Field::new("first_nanosecond", DataType::UInt16, false),
        time_field("last"),
        Field::new("last_nanosecond", DataType::UInt16, false),
        Field::new("count", DataType::UInt64, false),
    ]))
});

fn time_field(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false)
}

fn observable_field() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

fn name_and_value() -> Fields {
    Fields::from(vec![Field::new("name", DataType::Utf8, false), Field::new("value", DataType::Utf8, false)])
}

fn named_field() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(name_and_value()), false))
}

/// Events as rows, in the order given.
pub(crate) fn encode(events: &[&StoredEvent]) -> Result<RecordBatch, ArrowError> {
    let mut ids = FixedSizeBinaryBuilder::with_capacity(events.len(), 16);
    let mut stated = BooleanBuilder::new();
    let mut raw = BinaryBuilder::new();
    let mut observables = ListBuilder::new(StringBuilder::new()).with_field(observable_field());
    let mut fields =
        ListBuilder::new(StructBuilder::from_fields(name_and_value(), 0)).with_field(named_field());
    for event in events {
        ids.append_value(event.id.0)?;
        stated.append_value(event.time_stated);
        raw.append_value(&event.raw);
        for observable in &event.observables {
            observables.values().append_value(observable.to_string());
        }
        observables.append(true);
        for (name, value) in &event.fields {
            append_pair(fields.values(), name, value);
        }
        fields.append(true);
    }
    let (times, nanoseconds) = times_of(events.iter().map(|event| Instant::of(event.time)));
    let text = |of: fn(&StoredEvent) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(events.iter().map(|event| of(event))))
    };
    let whole = |of: fn(&StoredEvent) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(events.iter().map(|event| of(event))))
    };
    let columns: Vec<ArrayRef> = vec![
        times,
        nanoseconds,
        Arc::new(ids.finish()),
        Arc::new(stated.finish()),
        text(|event| &event.product),
        text(|event| &event.service),
        text(|event| &event.category),
        text(|event| &event.format),
        text(|event| &event.file),
        whole(|event| event.offset),
        whole(|event| event.line),
        Arc::new(raw.finish()),
        Arc::new(observables.finish()),
        Arc::new(fields.finish()),
    ];
    RecordBatch::try_new(EVENTS.clone(), columns)
}

fn append_pair(pairs: &mut StructBuilder, name: &str, value: &str) {
    // The builders were made from `name_and_value`, so both are there and are text.
    for (column, text) in [(0, name), (1, value)] {
        if let Some(builder) = pairs.field_builder::<StringBuilder>(column) {
            builder.append_value(text);
        }
    }
    pairs.append(true);
}

/// Instants as the two columns that keep them.
pub(crate) fn times_of(instants: impl Iterator<Item = Instant>) -> (ArrayRef, ArrayRef) {
    let mut times = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut nanoseconds = UInt16Builder::new();
    for instant in instants {
        times.append_value(instant.micros);
        nanoseconds.append_value(instant.nanos);
    }
    (Arc::new(times.finish()), Arc::new(nanoseconds.finish()))
}

/// Counts as a column.
pub(crate) fn counts_of(counts: impl Iterator<Item = u64>) -> ArrayRef {
    let mut column = UInt64Builder::new();
    counts.for_each(|count| column.append_value(count));
    Arc::new(column.finish())
}

/// Rows with every column as events.
pub(crate) fn decode(
    batch: &RecordBatch,
    organisation: Id<Organisation>,
) -> Result<Vec<StoredEvent>, Trouble> {
    let times = Times::of(batch, "time", "nanosecond")?;
    let ids: &FixedSizeBinaryArray = column(batch, "id")?;
    let stated: &BooleanArray = column(batch, "time_stated")?;
    let product: &StringArray = column(batch, "product")?;
    let service: &StringArray = column(batch, "service")?;
    let category: &StringArray = column(batch, "category")?;
    let format: &StringArray = column(batch, "format")?;
    let file: &StringArray = column(batch, "file")?;
    let offset: &UInt64Array = column(batch, "offset")?;
    let line: &UInt64Array = column(batch, "line")?;
    let raw: &BinaryArray = column(batch, "raw")?;
    let observables = Lists::<StringArray>::of(batch, "observables")?;
    let fields = Lists::<StructArray>::of(batch, "fields")?;
    let names: &StringArray = child(fields.values, "name")?;
    let values: &StringArray = child(fields.values, "value")?;
    let event = |row: usize| {
        let seen = observables.range(row).map(|at| observable(observables.values.value(at)));
        Ok(StoredEvent {
            id: event_id(ids.value(row))?,
            organisation,
            time: times.at(row).time().ok_or_else(|| damaged("a time is out of range"))?,
            time_stated: stated.value(row),
            product: product.value(row).to_owned(),
            service: service.value(row).to_owned(),
            category: category.value(row).to_owned(),
            format: format.value(row).to_owned(),
            file: file.value(row).to_owned(),
            offset: offset.value(row),
            line: line.value(row),
            raw: raw.value(row).to_owned(),
            fields: fields
                .range(row)
                .map(|at| (names.value(at).to_owned(), values.value(at).to_owned()))
                .collect(),
            observables: seen.collect::<Result<_, Trouble>>()?,
        })
    };
    (0..batch.num_rows()).map(event).collect()
}

/// The id in a row.
pub(crate) fn event_id(bytes: &[u8]) -> Result<EventId, Trouble> {
    bytes.try_into().map(EventId).map_err(|_| damaged("an event id is not 16 bytes"))
}

/// `kind:value` as an observable.
pub(crate) fn observable(text: &str) -> Result<Observable, Trouble> {
    let parts = text.split_once(':').and_then(|(kind, value)| Some((kind.parse().ok()?, value)));
    let (kind, value) = parts.ok_or_else(|| damaged("an observable has no kind"))?;
    Ok(Observable { kind, value: value.to_owned() })
}

/// A column by name and type.
pub(crate) fn column<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a A, Trouble> {
    let array = batch.column_by_name(name).and_then(|array| array.as_any().downcast_ref());
    array.ok_or_else(|| damaged("a column is missing"))
}

fn child<'a, A: Array + 'static>(array: &'a StructArray, name: &str) -> Result<&'a A, Trouble> {
    let array = array.column_by_name(name).and_then(|array| array.as_any().downcast_ref());
    array.ok_or_else(|| damaged("a column is missing"))
}

fn damaged(what: &str) -> Trouble {
    Trouble::Damaged(what.to_owned())
}

/// The two columns of a time.
pub(crate) struct Times<'a> {
    micros: &'a TimestampMicrosecondArray,
    nanos: &'a UInt16Array,
}

impl<'a> Times<'a> {
    /// The columns of these names.
    pub(crate) fn of(batch: &'a RecordBatch, time: &str, nanosecond: &str) -> Result<Self, Trouble> {
        let micros: &PrimitiveArray<TimestampMicrosecondType> = column(batch, time)?;
        Ok(Self { micros, nanos: column(batch, nanosecond)? })
    }

    /// The instant in a row of the batch.
    pub(crate) fn at(&self, row: usize) -> Instant {
        Instant { micros: self.micros.value(row), nanos: self.nanos.value(row) }
    }
}

/// A list column and what is in its lists.
pub(crate) struct Lists<'a, A> {
    list: &'a ListArray,
    /// Of all rows, one after the other.
    pub(crate) values: &'a A,
}

impl<'a, A: Array + 'static> Lists<'a, A> {
    /// The list column of this name.
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Result<Self, Trouble> {
        let list: &ListArray = column(batch, name)?;
        let values = list.values().as_any().downcast_ref();
        Ok(Self { list, values: values.ok_or_else(|| damaged("a list holds something else"))? })
    }

    /// Where the values of a row of the batch stand.
    pub(crate) fn range(&self, row: usize) -> std::ops::Range<usize> {
        let offset =
            |at: usize| self.list.value_offsets().get(at).map_or(0, |&offset| offset.max(0) as usize);
        offset(row)..offset(row + 1)
    }
}
