//! A removal must never eat the article: what is written about newsletters, cookies or copyright, poems and interviews.

use wiredesk_clean::{Cleaned, body, text};
use wiredesk_model::block::{Block, BlockKind, Evidence, Hints, Judged, Ledger, Metadata, Sourced, Verdict};

fn page(title: &str, paragraphs: &[&str]) -> Cleaned {
    let judged = |text: &&str| Judged {
        block: Block::new(BlockKind::Paragraph, *text),
        evidence: Evidence::default(),
        verdict: Verdict::body("structure/body"),
    };
    let ledger = Ledger {
        blocks: paragraphs.iter().map(judged).collect(),
        metadata: Metadata { title: Some(Sourced::new(title.into(), "html")), ..Metadata::default() },
        method: "blocks".into(),
        ..Ledger::default()
    };
    body(ledger, &Hints::default())
}

fn keeps_all(title: &str, paragraphs: &[&str]) {
    let got = page(title, paragraphs);
    let why: Vec<_> =
        got.ledger.blocks.iter().filter(|b| !b.verdict.is_body()).map(|b| (b.verdict.rule(), &b.block.text)).collect();
    assert!(why.is_empty(), "{title}: {why:#?}");
}

#[test]
fn an_article_about_newsletters_keeps_its_text() {
    keeps_all(
        "The town that lives on a newsletter",
        &[
            "Every morning at six, the two thousand people of Sample Bay find a newsletter in their inbox, and by seven the whole town has read it.",
            "Sign up for our newsletter, a poster on the pier says, and nearly everybody has.",
            "Subscribe to our newsletter and you will know when the ferry comes, Ada Example tells those who get off the boat.",
            "Get the latest in your inbox: that was the idea, and it took a winter until the first hundred had given their address.",
            "Newsletters like hers have no printing costs, no kiosk and no delivery boy, but they have a lawyer now.",
        ],
    );
}

#[test]
fn an_article_about_cookies_keeps_its_text() {
    keeps_all(
        "What cookies know about you",
        &[
            "We use cookies is what nearly every page says before it says anything else, and nearly nobody reads on from there.",
            "This website uses cookies, said the page of the harbour board, and listed four hundred partners who wanted to know more.",
            "By continuing to use this site, readers agree to a contract that none of them has seen, a court in Sample Bay found.",
            "Privacy lawyers call such banners a tax on attention, and they want the browser to answer instead of the reader.",
        ],
    );
}

#[test]
fn an_article_about_copyright_keeps_its_text() {
    keeps_all(
        "Court limits copyright in timetables",
        &[
            "Copyright protects the form of a timetable and not the times in it, a court said on Monday, and gave the passengers the data.",
            "All rights reserved, the ferry company had printed under each page, as if the tide were its own invention and property.",
            "Copyright 1931 was still on the oldest of them, which a clerk had kept in a drawer beside the ticket office for decades.",
            "Reproduction without permission remains forbidden for the drawings, the judges said, and for the photograph on the cover.",
        ],
    );
}

#[test]
fn an_article_about_comments_and_paywalls_keeps_its_text() {
    keeps_all(
        "Why this paper closed its comments",
        &[
            "Comments are closed from today on, and it was not an easy decision for a paper that was among the first to open them.",
            "Leave a reply, we wrote under each article for twenty years, and two million times somebody did, often at night.",
            "Subscribe to continue reading is what the others wrote instead, and for their accounts it was the better sentence.",
            "Share this article with somebody you disagree with, a reader wrote last week, and we liked the thought very much.",
        ],
    );
}

#[test]
fn an_article_about_corrections_keeps_its_text() {
    keeps_all(
        "The paper that corrects itself",
        &[
            "Correction: that is the first word of the island's paper every morning, and often of its second column as well.",
            "An earlier version of this article said, the editor reads out, that the mayor had been eaten; he had only eaten.",
            "Corrections are printed where the error stood, in the same size of type, and the error is left beside them for a week.",
            "This story has been corrected more often than any other, she says of the one about the ferry, and pins it to the wall.",
            "Readers send in forty errors a week, of which nine are none, and each of them gets a letter and an apple.",
        ],
    );
}

#[test]
fn an_article_about_subscriptions_keeps_its_text() {
    keeps_all(
        "How subscriptions saved the island's paper",
        &[
            "Subscribe to continue reading, the page says after the second paragraph, and four hundred people on the island have done so.",
            "Subscribers pay in fish, in firewood or in coin, and the paywall goes down when the boat cannot sail for three days.",
            "Already a subscriber, the fisherman says to the boy who brings the paper, and buys a second one for his neighbour.",
            "Subscriptions are up by a third since the winter, the publisher says, and nobody has asked for the fish back.",
        ],
    );
}

#[test]
fn articles_about_chrome_in_other_languages_keep_their_text() {
    keeps_all(
        "Was Cookies über uns wissen",
        &[
            "Wir verwenden Cookies, steht auf beinahe jeder Seite, bevor sie irgendetwas anderes sagt, und beinahe niemand liest danach weiter.",
            "Diese Website verwendet Cookies, schrieb auch der Hafenrat und nannte vierhundert Partner, die gern mehr gewusst hätten.",
            "Cookies sind kleine Dateien, und die meisten sind harmlos; die anderen aber erkennen ihren Leser am nächsten Tag wieder.",
            "Mit der Nutzung stimmen Sie zu, hieß es bisher, und ein Gericht hat nun gesagt, dass Schweigen keine Zustimmung ist.",
        ],
    );
    keeps_all(
        "Le village qui vit d’une newsletter",
        &[
            "Chaque matin à six heures, les deux mille habitants reçoivent une newsletter, et à sept heures tout le village l’a lue.",
            "Inscrivez-vous à notre newsletter, dit une affiche sur le quai, et presque tout le monde s’est inscrit depuis l’automne.",
            "La newsletter ne coûte rien, ni papier ni facteur, mais elle a désormais une avocate, et l’avocate a un bureau.",
            "Recevez-la ou ne la recevez pas, dit le maire, vous en entendrez parler chez le boulanger avant huit heures.",
        ],
    );
    keeps_all(
        "Derechos de autor en los horarios del barco",
        &[
            "Los derechos de autor protegen la forma de un horario y no las horas que contiene, dijo el lunes un tribunal.",
            "Todos los derechos reservados, había escrito la compañía debajo de cada página, como si la marea fuera invento suyo.",
            "Prohibida la reproducción, decía también el cartel del muelle, y los niños lo copiaban en sus cuadernos de dibujo.",
            "Los pasajeros tienen ahora los datos, y la compañía conserva el dibujo del barco que adorna la primera página.",
        ],
    );
}

#[test]
fn headings_with_a_label_s_first_word_stay() {
    let p = |n: usize| {
        format!(
            "On day {n} of the talks the harbour board and the crew of the ferry spoke for {n} hours about the valve and the winter."
        )
    };
    for heading in [
        "More in sorrow than in anger",
        "About the valve",
        "Sobre la marea y el muelle",
        "By the numbers",
        "De Bruyne and the boat",
        "Production costs",
        "Editors of the almanac",
        "文化节开幕",
        "Home, and away again",
    ] {
        let paragraphs: Vec<String> = (1..9).map(p).collect();
        let mut texts: Vec<&str> = paragraphs.iter().map(String::as_str).collect();
        texts.insert(4, heading);
        keeps_all("Ferry to run again", &texts);
        texts.remove(4);
        texts.insert(7, heading);
        keeps_all("Ferry to run again", &texts);
    }
}

#[test]
fn prose_that_begins_like_chrome_is_prose() {
    keeps_all(
        "Ferry to run again",
        &[
            "By Monday the ferry to the island would run again, the harbour board said, and nobody believed a word of what it said.",
            "Related costs rose by a third last year.",
            "Reporting by the board shows that fewer people travel by ferry than in any year since the bridge was begun.",
            "Follow the money, the mayor said.",
            "Source of the trouble was a valve.",
            "Share prices of the ferry company fell by a tenth.",
            "More than a hundred people came to the pier in the evening, and the band of the fire brigade played until it rained.",
            "Listen to the sea, an old man said.",
            "Photographs of the first ferry hang in the town hall, where the talks between the two towns went on for nine hours.",
            "It was Monday, 19 June 2031, and the boat left the pier at half past six in the morning with forty people on it.",
        ],
    );
}

#[test]
fn refrains_and_short_answers_stay() {
    let poem = "The boat is late,\n\nthe boat is late.\n\nWe stand and wait beside the pier,\n\nand no one came and no one's here.\n\nThe boat is late.\n\nThe moon goes down behind the wall,\n\nthere is no boat, no boat at all.\n\nThe boat is late.";
    let got = body(text(poem, &Hints::default()), &Hints::default());
    assert_eq!(
        got.article.text.matches("boat is late").count(),
        3 + usize::from(got.article.title != "The boat is late,"),
        "{}",
        got.article.text
    );
    keeps_all(
        "Nine questions to a captain",
        &[
            "Were you afraid when the engine stopped in the middle of the sound and the wind turned to the north?",
            "No.",
            "Would you have turned back if the passengers had asked you to, as some of them now say that they did?",
            "No.",
            "Will you be on the boat when it leaves the pier on Monday morning with the mayor and the band on it?",
            "Yes.",
        ],
    );
}

#[test]
fn a_page_that_is_all_chrome_to_the_rules_keeps_its_sentences() {
    let got = page(
        "Notes",
        &[
            "Sign up for our newsletter, and read what forty people on a ferry have to say about the sea.",
            "Get the latest app alerts, said the sign, and below it hung a dead telephone without a cord.",
            "Download our app, said another sign, on a pier that had no signal in any kind of weather.",
            "Follow us on the water, said the boat with a line of yellow buoys behind it in the evening.",
        ],
    );
    assert!(got.article.word_count > 60, "{}", got.article.text);
}

#[test]
fn running_text_after_a_comment_form_is_kept_and_short_lines_are_not() {
    let lead = "The ferry to the island will run again from Monday, the harbour board said after nine hours of talks.";
    let late = "In a second vote late in the evening the council of the island agreed to pay for half of the boat and the crew.";
    let got = page(
        "Ferry to run again",
        &[lead, "She laughed.", "Leave a Reply", "Name *", "Website", late, "Most Popular", "Ten boats", "Old piers"],
    );
    assert_eq!(got.article.text, format!("{lead}\n\nShe laughed.\n\n{late}"));
}

#[test]
fn a_notice_is_lifted_from_where_structure_left_it() {
    let lead = "The ferry to the island will run again from Monday, the harbour board said after nine hours of talks.";
    let mut ledger = Ledger { method: "blocks".into(), ..Ledger::default() };
    for (text, verdict) in [
        (lead, Verdict::body("structure/body")),
        ("Copyright 2031 Example Wire. All rights reserved.", Verdict::dropped("structure/footer")),
        ("Ten boats you must see", Verdict::dropped("structure/footer")),
    ] {
        ledger.blocks.push(Judged {
            block: Block::new(BlockKind::Paragraph, text),
            evidence: Evidence::default(),
            verdict,
        });
    }
    let got = body(ledger, &Hints::default());
    assert_eq!(got.article.notices.len(), 1);
    assert_eq!(got.article.extraction.blocks_removed, 2);
}

#[test]
fn a_credit_at_the_end_of_a_paragraph_is_cut_off_it() {
    let lead = "The ferry to the island will run again from Monday, the harbour board said after nine hours of talks.";
    let got = page(
        "Ferry to run again",
        &[lead, "“We are glad,” the mayor said. (Reporting by Ada Example in Sample Bay; Editing by Bo Muster)"],
    );
    assert_eq!(got.article.text, format!("{lead}\n\n“We are glad,” the mayor said."));
    assert_eq!(got.article.notices[0].text, "(Reporting by Ada Example in Sample Bay; Editing by Bo Muster)");
}
