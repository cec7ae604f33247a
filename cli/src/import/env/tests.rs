use super::*;

fn variables(text: &str) -> Vec<(String, String)> {
    let (variables, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    variables.into_iter().map(|v| (v.name, v.value.text)).collect()
}

fn value(text: &str) -> String {
    let found = variables(text);
    assert_eq!(found.len(), 1, "{text}");
    found[0].1.clone()
}

#[test]
fn a_line_is_a_name_and_a_value() {
    for (text, expected) in [
        ("A=b", "b"),
        ("A = b", "b"),
        ("export A=b", "b"),
        ("  A=b  \r\n", "b"),
        ("A=", ""),
        ("A=b c, d", "b c, d"),
        ("A=b # c", "b"),
        ("A=# c", ""),
        ("A='b # c'", "b # c"),
        ("A=\"b\\n\\\"c\\\" \\$D\" # d", "b\n\"c\" $D"),
        ("A='b\nc'", "b\nc"),
        ("A=b=c", "b=c"),
        ("A=\"\\d\"", "\\d"),
        ("A=`b'c`", "b'c"),
        ("\u{feff}A=ü", "ü"),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
    assert_eq!(
        variables("# A=b\n\n  # c\nexport=1\nB=2"),
        [("export".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]
    );
}

#[test]
fn a_line_that_is_none_is_told_with_its_place_and_the_rest_is_read() {
    let (variables, problems) = parse("A\nB='x\n1C=2\n D=\"y\" z\nE=1\n");
    let places: Vec<String> = problems.iter().map(|(at, _)| at.to_string()).collect();
    assert_eq!(places, ["1:1", "2:3", "3:1", "4:8"]);
    assert_eq!(variables.len(), 1);
    assert_eq!(variables[0].name, "E");
}

#[test]
fn what_systems_read_differently_is_unclear() {
    for (text, place) in [
        ("A=b#c", Some("1:4")),
        ("A='b#c'", None),
        ("A=$(cat x)", Some("1:3")),
        ("A=\"b${C}\"", Some("1:5")),
        ("A='${C}'", None),
        ("A=\"\\${C}\"", None),
        ("A=b$", None),
        ("A=5$5", None),
    ] {
        let (variables, _) = parse(text);
        let unclear = variables[0].value.unclear().map(|(at, _)| at.to_string());
        assert_eq!(unclear.as_deref(), place, "{text}");
    }
}

#[test]
fn every_part_of_a_value_knows_its_place() {
    let (variables, _) = parse("X=1\nA=\" a:b,\n ü, c:d:e\"");
    let items = variables[1].value.text().items();
    let told: Vec<String> =
        items.iter().map(|item| format!("{} {}", item.at(), item.as_str())).collect();
    assert_eq!(told, ["2:5 a:b", "3:2 ü", "3:5 c:d:e"]);
    let (tenant, rest) = items[2].split_once(':').expect("it has a colon");
    assert_eq!((tenant.as_str(), rest.as_str()), ("c", "d:e"));
    assert_eq!(rest.at().to_string(), "3:7");
    assert_eq!(variables[1].value.text().split(';').len(), 1);
}

#[test]
fn what_a_reader_of_its_own_accepts_is_read_alike() {
    let text = "# c\nA=b\nexport C='d e' # f\nG=\"h\\ni\"\nJ=\n K = l\nM=\"n\no\"\n";
    let theirs: Vec<(String, String)> =
        dotenvy::from_read_iter(text.as_bytes()).map(|item| item.expect("it is valid")).collect();
    assert_eq!(variables(text), theirs);
}

proptest::proptest! {
    #[test]
    fn no_text_brings_the_reader_down(text in "[A-Z=\"'`#$ \\\\\n,:üa]{0,60}") {
        let (variables, problems) = parse(&text);
        for variable in &variables {
            for item in variable.value.text().items() {
                proptest::prop_assert!(!item.as_str().is_empty());
            }
        }
        let lines = text.split('\n').count();
        proptest::prop_assert!(problems.iter().all(|(at, _)| at.line <= lines));
    }
}
