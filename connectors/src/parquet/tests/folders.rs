//! Which folder each row goes to, and which rows have none.

use super::*;
use proptest::prelude::*;

#[test]
fn rows_go_to_the_folders_that_their_values_name() {
    let folder = Folder::new();
    let partition = list(&[of("day", "at"), of("hour", "at"), column("site")]);
    let mut sink = open(&folder, &[("partition", partition)], context());
    let batch = rows(&[
        (Some("north"), Some(7 * HOUR), 1),
        (Some("a/b"), Some(7 * HOUR + 1), 2),
        (None, None, 3),
        (Some("north"), Some(8 * HOUR - 1), 4),
        (Some(""), Some(-1), 5),
        (Some("__HIVE_DEFAULT_PARTITION__"), Some(31 * HOUR), 6),
    ]);
    assert_eq!(write(sink.as_mut(), &batch).unwrap(), []);
    finish(sink.as_mut()).unwrap();
    let null = "__HIVE_DEFAULT_PARTITION__";
    let name = |path: &str, number: i32| format!("{path}/test.output-0001-{number:06}.parquet");
    let mut expected = vec![
        (name("day=1970-01-01/hour=07/site=north", 1), vec![1, 4]),
        (name("day=1970-01-01/hour=07/site=a%2Fb", 2), vec![2]),
        (name(&format!("day={null}/hour={null}/site={null}"), 3), vec![3]),
        (name("day=1969-12-31/hour=23/site=", 4), vec![5]),
        (name("day=1970-01-02/hour=07/site=%5F_HIVE_DEFAULT_PARTITION__", 5), vec![6]),
    ];
    expected.sort();
    assert_eq!(contents(&folder), expected);
    let (_, rows) = files(&folder).pop_first().unwrap();
    let names: Vec<_> = rows.schema().fields().iter().map(|it| it.name().clone()).collect();
    assert_eq!(names, ["at", "n"], "the site is the folder's");
}

#[test]
fn an_hour_without_its_day_names_both() {
    let folder = Folder::new();
    let mut sink = open(&folder, &[("partition", list(&[of("hour", "at")]))], context());
    write(sink.as_mut(), &rows(&[(None, Some(31 * HOUR), 1)])).unwrap();
    finish(sink.as_mut()).unwrap();
    assert_eq!(contents(&folder)[0].0, "hour=1970-01-02T07/test.output-0001-000001.parquet");
}

#[test]
fn rows_whose_folder_cannot_be_named_are_refused_alone() {
    let folder = Folder::new();
    let partition = list(&[of("day", "at"), column("site")]);
    let mut sink = open(&folder, &[("partition", partition)], context());
    let long = "x".repeat(300);
    let batch = rows(&[
        (Some("a"), Some(0), 1),
        (Some(&long), Some(0), 2),
        (Some("a"), Some(i64::MAX), 3),
        (Some(&long), Some(0), 4),
    ]);
    let faults = write(sink.as_mut(), &batch).unwrap();
    let told = |it: &Fault| (it.row, it.reason, it.column.clone().unwrap());
    let told: Vec<_> = faults.iter().map(told).collect();
    let (site, day) = ("site".to_owned(), "day".to_owned());
    assert_eq!(
        told,
        [(1, Reason::Sink, site.clone()), (2, Reason::Sink, day), (3, Reason::Sink, site)]
    );
    assert!(faults[0].detail.contains("`site=xxxxx"), "{}", faults[0].detail);
    assert!(faults[1].detail.contains("outside of the calendar"), "{}", faults[1].detail);
    finish(sink.as_mut()).unwrap();
    assert_eq!(contents(&folder).into_iter().map(|it| it.1).collect::<Vec<_>>(), [[1]]);
}

#[test]
fn partitions_of_other_types_are_named() {
    let columns = vec![
        Column::new("b", Type::Bool.required()),
        Column::new("i", Type::Int.required()),
        Column::new("d", Type::Date.required()),
        Column::new("c", Type::Decimal { precision: 5, scale: 2 }.required()),
        Column::new("n", Type::Int.required()),
    ];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(vec![true])),
        Arc::new(Int64Array::from(vec![-7])),
        Arc::new(Date32Array::from(vec![31])),
        Arc::new(Decimal128Array::from(vec![1230]).with_precision_and_scale(5, 2).unwrap()),
        Arc::new(Int64Array::from(vec![1])),
    ];
    let batch = RecordBatch::try_new(schema(&columns), arrays).unwrap();
    let folder = Folder::new();
    let partition = list(&[column("b"), column("i"), column("d"), column("c")]);
    let mut sink = open_with(&folder, &[("partition", partition)], columns, context());
    write(sink.as_mut(), &batch).unwrap();
    finish(sink.as_mut()).unwrap();
    assert_eq!(
        contents(&folder)[0].0,
        "b=true/i=-7/d=1970-02-01/c=12.30/test.output-0001-000001.parquet"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However rows are batched, rolled and dealt out, each is in one file, below the folder that its values name.
    #[test]
    fn every_row_is_in_the_folder_of_its_values(
        batches in prop::collection::vec(prop::collection::vec((prop::option::of("[a-c/ %é]{0,2}"), prop::option::of(-50i64..50)), 0..40), 1..6),
        most in prop::option::of(1i64..20),
        sorted in any::<bool>(),
    ) {
        let folder = Folder::new();
        let mut options = vec![
            ("partition", list(&[of("day", "at"), column("site")])),
            ("roll", roll(1 << 30, HOUR, most)),
        ];
        if sorted {
            options.push(("sort", named(&["n"])));
        }
        let mut sink = open(&folder, &options, context());
        let (mut n, mut wanted) = (0, BTreeMap::<i64, String>::new());
        for batch in &batches {
            let all: Vec<_> = batch.iter().map(|(site, hours)| {
                n += 1;
                let day = hours.map(|it| if it.div_euclid(24) >= 0 {
                    format!("1970-01-{:02}", it.div_euclid(24) + 1)
                } else {
                    format!("1969-12-{:02}", 32 + it.div_euclid(24))
                });
                let day = crate::parquet::escape::partition("day", day.as_deref());
                wanted.insert(n, format!("{day}/{}/", crate::parquet::escape::partition("site", site.as_deref())));
                (site.as_deref(), hours.map(|it| it * HOUR), n)
            }).collect();
            prop_assert_eq!(write(sink.as_mut(), &rows(&all)).unwrap(), []);
        }
        finish(sink.as_mut()).unwrap();
        let mut found = BTreeMap::new();
        for (name, rows) in files(&folder) {
            let place = name[..=name.rfind('/').unwrap()].to_owned();
            let numbers = ns(&rows);
            prop_assert!(most.is_none_or(|it| numbers.len() as i64 <= it));
            prop_assert!(!sorted || numbers.is_sorted());
            for n in numbers {
                prop_assert_eq!(found.insert(n, place.clone()), None);
            }
        }
        prop_assert_eq!(found, wanted);
    }
}
