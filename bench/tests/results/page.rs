//! The report: one file that asks for nothing else, shows every run, and takes nothing of a run as markup.

use ringpost_bench::record::TableRow;
use ringpost_bench::report;

use crate::fixture::Made;

fn page_of(runs: &[Made]) -> String {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    for run in runs {
        run.write(root.path());
    }
    let out = root.path().join("report.html");
    report::write(root.path(), &out).expect("the raw data are whole");
    std::fs::read_to_string(out).expect("it was written")
}

fn at(day: u32) -> Made {
    Made {
        started_at: format!("2026-03-{day:02}T09:05:07Z"),
        ..Made::default()
    }
}

#[test]
fn a_page_without_runs_tells_how_to_make_one() {
    let page = page_of(&[]);
    assert!(page.contains("No runs yet") && page.contains("ringpost-bench -- run pairs"));
    assert!(!page.contains("<svg"));
}

#[test]
fn the_page_asks_for_nothing_outside_itself() {
    let page = page_of(&[at(1)]).replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "@import", "url(", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn texts_of_a_run_are_not_markup() {
    let reason = "<script>alert(1)</script>".to_owned();
    let page = page_of(&[Made {
        invalid_because: vec![reason.clone()],
        ..at(1)
    }]);
    assert!(!page.contains(&reason));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("refused &lt;for load&gt;"));
    assert!(page.contains("not valid</span>"));
}

#[test]
fn a_run_stands_beside_the_comparable_one_before_it() {
    let page = page_of(&[
        at(1),
        Made {
            cpu_us: 4.0,
            ..at(2)
        },
    ]);
    assert!(page.contains("earlier 5 µs (× 0.80)"));
    assert!(page.contains("send → deliver, earlier"));
    assert!(page.contains("This scenario over its runs"));
    let other = page_of(&[
        at(1),
        Made {
            sessions: 2_000,
            ..at(2)
        },
    ]);
    assert!(!other.contains("send → deliver, earlier"));
    assert!(!other.contains("This scenario over its runs"));
}

#[test]
fn runs_of_a_table_give_plots_of_the_cost() {
    let place = |day: u32, value: u64| Made {
        table: Some(TableRow {
            axis: "sessions".to_owned(),
            value,
        }),
        ..at(day)
    };
    let page = page_of(&[place(1, 1_000), place(2, 1_000_000)]);
    assert!(page.contains("<section id=\"cost\">"));
    assert!(page.contains("1,000,000 sessions: 5 µs"));
    assert!(!page_of(&[at(1)]).contains("<section id=\"cost\">"));
}

#[test]
fn plots_of_a_long_run_are_bounded_and_bytes_do_not_change() {
    let long = Made {
        seconds: 2_000,
        stages: Vec::new(),
        ..at(1)
    };
    let page = page_of(std::slice::from_ref(&long));
    let longest = page
        .split(" d=\"")
        .map(|rest| rest.find('"').unwrap_or_default())
        .max();
    assert!(longest.is_some_and(|bytes| (1_000..600 * 14).contains(&bytes)));
    assert!(page.contains("minutes since counting began"));
    assert_eq!(page, page_of(&[long]));
}
