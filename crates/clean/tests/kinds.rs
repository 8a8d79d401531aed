//! Each kind of chrome in fourteen languages, where it occurs: `tests/kinds/*.toml` holds lines that must go (and what must become of
//! them), and prose that only begins like them and must stay. The lines are set around and between the paragraphs of one
//! article (`paragraphs.toml`), as a page has them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use wiredesk_clean::body;
use wiredesk_model::block::{Block, BlockKind, Evidence, Hints, Judged, Ledger, Metadata, Sourced, Verdict};

/// Lines by language.
type Lines = BTreeMap<String, Vec<String>>;

/// A file of lines of one kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    #[allow(dead_code, reason = "for readers of the file")]
    doc: String,
    /// What may become of them: `dropped`, `notice:KIND`, `field:NAME`.
    gives: Vec<String>,
    /// Before the first paragraph.
    #[serde(default)]
    start: Lines,
    /// Between two paragraphs.
    #[serde(default)]
    inside: Lines,
    /// After the last.
    #[serde(default)]
    end: Lines,
    /// Prose: it stays between two paragraphs, and where it is long as the last one too.
    #[serde(default)]
    stays: Lines,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds")
}

fn paragraphs() -> Lines {
    let text = std::fs::read_to_string(folder().join("paragraphs.toml")).expect("paragraphs.toml");
    toml::from_str(&text).expect("paragraphs by language")
}

fn kinds() -> BTreeMap<String, Kind> {
    let files = std::fs::read_dir(folder()).expect("tests/kinds").map(|file| file.expect("an entry").path());
    files
        .filter(|path| path.file_stem().is_some_and(|name| name != "paragraphs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a file of lines");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let kind = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, kind)
        })
        .collect()
}

/// The verdicts on an article whose paragraphs have a line among them at `at`.
fn verdicts(paragraphs: &[String], at: usize, line: &str) -> Vec<Verdict> {
    let mut texts: Vec<&str> = paragraphs.iter().map(String::as_str).collect();
    texts.insert(at, line);
    let judged = |text: &&str| Judged {
        block: Block::new(BlockKind::Paragraph, *text),
        evidence: Evidence::default(),
        verdict: Verdict::body("structure/body"),
    };
    let title = Some(Sourced::new("Forty on the first boat".to_owned(), "html"));
    let ledger = Ledger {
        blocks: texts.iter().map(judged).collect(),
        metadata: Metadata { title, ..Metadata::default() },
        method: "blocks".into(),
        ..Ledger::default()
    };
    body(ledger, &Hints::default()).ledger.blocks.into_iter().map(|judged| judged.verdict).collect()
}

/// A verdict as the files spell it.
fn spelled(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Body { .. } => "body".to_owned(),
        Verdict::Dropped { .. } => "dropped".to_owned(),
        Verdict::Field { field, .. } => format!("field:{field}"),
        Verdict::Notice { notice, .. } => {
            format!("notice:{}", serde_json::to_value(notice).expect("JSON").as_str().expect("a word"))
        }
    }
}

/// Where in a text of so many paragraphs a line is put.
type Place = fn(&[String]) -> usize;

#[test]
fn each_kind_is_caught_where_it_occurs_in_fourteen_languages() {
    let articles = paragraphs();
    let (mut faults, mut all) = (Vec::new(), 0);
    for (name, kind) in kinds() {
        let last = |article: &[String]| article.len();
        let places: [(&str, &Lines, Place); 3] =
            [("start", &kind.start, |_| 0), ("inside", &kind.inside, |_| 2), ("end", &kind.end, last)];
        for (place, lines, at) in places {
            for (language, line) in lines.iter().flat_map(|(l, lines)| lines.iter().map(move |line| (l, line))) {
                all += 1;
                let article = &articles[language];
                let at = at(article);
                let got = verdicts(article, at, line);
                let is = spelled(&got[at]);
                if !kind.gives.contains(&is) {
                    faults.push(format!("{name} {place} {language}: {line:?} is {is} by {}", got[at].rule()));
                }
                if let Some(lost) = (0..got.len()).find(|n| *n != at && !got[*n].is_body()) {
                    faults.push(format!("{name} {place} {language}: {line:?} took paragraph {lost} along"));
                }
            }
        }
    }
    assert!(all > 1_000, "{all} lines");
    assert!(faults.is_empty(), "{} of {all} lines\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn prose_that_only_begins_like_chrome_stays() {
    let articles = paragraphs();
    let mut faults = Vec::new();
    for (name, kind) in kinds() {
        for (language, line) in kind.stays.iter().flat_map(|(l, lines)| lines.iter().map(move |line| (l, line))) {
            let article = &articles[language];
            let dense = line.chars().filter(|c| !c.is_ascii()).count() * 2 > line.chars().count();
            let long = line.split_whitespace().count() >= 18 || dense;
            let places = [2, article.len()];
            for at in &places[..1 + usize::from(long)] {
                let got = verdicts(article, *at, line);
                if let Some(lost) = got.iter().find(|verdict| !verdict.is_body()) {
                    faults.push(format!("{name} {language} at {at}: {line:?} by {}", lost.rule()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A heading and what stands under it go together; the article above them stays.
#[test]
fn what_a_company_says_about_itself_is_a_notice() {
    let articles = paragraphs();
    let abouts = [
        (
            "en",
            "About Harbour Board Ltd.",
            "Harbour Board Ltd. is a leading provider of piers, docks and ferries on the coast, with offices in forty towns and a staff of nine hundred.",
        ),
        (
            "en",
            "About the company",
            "Founded in 1931, the company runs the ferry to the island and employs forty people in two towns on the coast of Sample Bay.",
        ),
        (
            "de",
            "Über die Hafenrat GmbH",
            "Die Hafenrat GmbH ist ein führender Anbieter von Anlegern, Docks und Fähren an der Küste mit Büros in vierzig Orten.",
        ),
        (
            "fr",
            "À propos de Conseil du Port SA",
            "Conseil du Port SA est un acteur majeur des quais et des bacs sur la côte, avec des bureaux dans quarante villes.",
        ),
        (
            "es",
            "Acerca de Junta del Puerto S.A.",
            "Junta del Puerto S.A. es líder en muelles y barcos de la costa, con oficinas en cuarenta ciudades y novecientos empleados.",
        ),
        (
            "pt",
            "Sobre a Conselho do Porto",
            "A Conselho do Porto é líder em cais e balsas na costa, com escritórios em quarenta cidades e novecentos empregados.",
        ),
        (
            "it",
            "Informazioni su Consiglio del Porto",
            "Consiglio del Porto è leader nei moli e nei traghetti della costa, con uffici in quaranta città e novecento dipendenti.",
        ),
        (
            "nl",
            "Over Havenbestuur",
            "Havenbestuur is een toonaangevende aanbieder van pieren en boten aan de kust, met kantoren in veertig plaatsen.",
        ),
        (
            "pl",
            "O firmie Rada Portu",
            "Rada Portu jest wiodącym dostawcą przystani i promów na wybrzeżu, z biurami w czterdziestu miastach.",
        ),
        (
            "ru",
            "О компании",
            "Совет порта ведет паромы на всем побережье, у него отделения в сорока городах и девятьсот человек на службе.",
        ),
        (
            "tr",
            "Liman Kurulu Hakkında",
            "Liman Kurulu kıyıda iskele ve vapur işletmeciliğinin öncüsüdür, kırk kasabada bürosu ve dokuz yüz çalışanı vardır.",
        ),
        ("ar", "عن الشركة", "مجلس الميناء شركة رائدة في المراسي والعبارات على الساحل، ولها مكاتب في أربعين مدينة."),
        ("zh", "关于港务委员会", "港务委员会是沿海领先的码头和渡轮公司，在四十个城镇设有办事处，员工九百人。"),
        (
            "ja",
            "港湾委員会について",
            "港湾委員会は沿岸の桟橋と船を運営する会社で、四十の町に事務所を持ち、九百人が働いている。",
        ),
        (
            "ko",
            "항만위원회 소개",
            "항만위원회는 해안의 부두와 배를 운영하는 선도 기업으로 마흔 개 도시에 사무소를 두고 있다.",
        ),
    ];
    let mut faults = Vec::new();
    for (language, heading, text) in abouts {
        let mut article = articles[language].clone();
        article.push(heading.to_owned());
        let at = article.len();
        let got: Vec<String> = verdicts(&article, at, text).iter().map(spelled).collect();
        let whole = got[..at - 1].iter().all(|is| is == "body");
        if !whole || got[at - 1] != "notice:publisher" || got[at] != "notice:publisher" {
            faults.push(format!("{language}: {heading:?} {got:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
