//! The passes over the ledger, in order: texts put in order, captions, credits at the ends of paragraphs, repeats, then for
//! each block the headline and the rules of its place; last the guard that gives back what was too much.

use std::collections::HashMap;

use wiredesk_model::block::{BlockKind, Hints, Judged, Ledger, Verdict};

use crate::composed::Names;
use crate::cuts::Reach;
use crate::form::Form;
use crate::headline::{self, Known};
use crate::matching::{Hit, holds_word};
use crate::rules::{Rules, rules};
use crate::written::Gives;
use crate::zones::{Place, RUNNING_WORDS, Zones, reads_like_text};
use crate::{captions, composed, repeats, tails, tidy};

/// Notices are lifted from blocks that structure left out when they stand at most so many blocks from the body.
const NEAR: usize = 8;

/// Judges every block that is still in the body.
pub(crate) fn judge(ledger: &mut Ledger, hints: &Hints) {
    let rules = rules();
    for judged in &mut ledger.blocks {
        tidy::block(&mut judged.block);
        if !judged.block.text.contains(char::is_alphanumeric) && judged.verdict.is_body() {
            judged.verdict = Verdict::dropped("structure/empty");
        }
    }
    captions::figures(&mut ledger.blocks, &ledger.metadata.images);
    tails::split(&mut ledger.blocks, rules);
    let body: Vec<usize> = (0..ledger.blocks.len()).filter(|n| ledger.blocks[*n].verdict.is_body()).collect();
    let forms: Vec<Form> = body.iter().map(|n| Form::of(&ledger.blocks[*n].block.text)).collect();
    repeats::judge(&mut ledger.blocks, &body, &forms);
    let known = Known::new(&ledger.metadata, hints, &ledger.blocks);
    let names = Names::new(&ledger.metadata, hints);
    let guarded = Judge::new(&mut ledger.blocks, rules, &known, &names, body.into_iter().zip(forms)).run();
    if guarded {
        ledger.flags.push("guarded".into());
    }
    captions::above_credits(&mut ledger.blocks);
    lift_notices_near(&mut ledger.blocks, rules);
}

/// The rule of blocks that extraction left out of the body at second sight: they stood among its text, and may still say where
/// chrome begins.
const SECOND_SIGHT: &str = "model/other";

struct Judge<'a> {
    blocks: &'a mut [Judged],
    rules: &'static Rules,
    known: &'a Known,
    names: &'a Names,
    /// Places in `blocks` of what is in the body, and of what was left out at second sight; the other lists run beside it.
    body: Vec<usize>,
    forms: Vec<Form>,
    left_out: Vec<bool>,
    hits: Vec<Vec<Hit>>,
    zones: Zones,
    /// By family: whether the article speaks of what the family's chrome speaks of.
    about: HashMap<usize, bool>,
}

impl<'a> Judge<'a> {
    fn new(
        blocks: &'a mut [Judged],
        rules: &'static Rules,
        known: &'a Known,
        names: &'a Names,
        known_forms: impl Iterator<Item = (usize, Form)>,
    ) -> Self {
        let mut known_forms = known_forms.peekable();
        let (mut body, mut forms, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for (n, judged) in blocks.iter().enumerate() {
            let form = known_forms.next_if(|(at, _)| *at == n).map(|(_, form)| form);
            let is_out = judged.verdict.rule() == SECOND_SIGHT;
            if judged.verdict.is_body() || is_out {
                forms.push(form.unwrap_or_else(|| Form::of(&judged.block.text)));
                body.push(n);
                left_out.push(is_out);
            }
        }
        let hits: Vec<Vec<Hit>> = body
            .iter()
            .zip(&forms)
            .map(|(n, form)| match blocks[*n].block.kind {
                BlockKind::Code | BlockKind::Table => Vec::new(),
                _ => rules.hits(form),
            })
            .collect();
        let zones = Zones::new(vec![false; forms.len()], &forms);
        let mut judge = Self { blocks, rules, known, names, body, forms, left_out, hits, zones, about: HashMap::new() };
        let running = (0..judge.body.len()).map(|at| judge.is_running(at)).collect();
        judge.zones = Zones::new(running, &judge.forms);
        judge
    }

    /// Running text: reads like it, and no rule knows it, save rules about what the article itself is about.
    fn is_running(&mut self, at: usize) -> bool {
        !self.left_out[at]
            && reads_like_text(&self.blocks[self.body[at]], &self.forms[at])
            && !self.is_above_credit(at)
            && (0..self.hits[at].len()).all(|n| {
                let hit = self.hits[at][n];
                !hit.exact && self.is_about(hit.rule)
            })
    }

    /// Whether a picture's credit stands right under a block, without a blank line between them.
    fn is_above_credit(&self, at: usize) -> bool {
        let Some(hits) = self.hits.get(at + 1) else { return false };
        let path = |at: usize| self.blocks[self.body[at]].evidence.path.as_str();
        captions::is_in_group(path(at))
            && path(at) == path(at + 1)
            && hits.iter().any(|h| captions::CREDITS.contains(&self.rules.rules[h.rule].written.id.as_str()))
    }

    /// Whether the article speaks of a rule's topic: its headline does, or three of its longer blocks do.
    fn is_about(&mut self, rule: usize) -> bool {
        let rule = &self.rules.rules[rule];
        if rule.written.topic.is_empty() {
            return false;
        }
        if let Some(known) = self.about.get(&rule.family) {
            return *known;
        }
        let speaks = |text: &str| rule.written.topic.iter().any(|t| holds_word(text, t));
        let long = self.forms.iter().filter(|f| f.words >= RUNNING_WORDS && speaks(&f.text)).count();
        let about = speaks(self.known.title()) || long >= 3;
        self.about.insert(rule.family, about);
        about
    }

    fn run(mut self) -> bool {
        let mut reach = Reach::default();
        let mut takes: Option<(usize, usize)> = None;
        let mut by_pattern = vec![false; self.body.len()];
        for (at, by_pattern) in by_pattern.iter_mut().enumerate() {
            let heading = self.blocks[self.body[at]].block.kind == BlockKind::Heading;
            let hit = self.admitted(at);
            if self.left_out[at] && hit.is_none() {
                takes = takes.map(|(rule, left)| (rule, left.saturating_sub(1)));
                continue;
            }
            let judged = &self.blocks[self.body[at]];
            let headline = headline::verdict(self.known, judged, &self.forms[at], at, &self.zones);
            if let Some(verdict) = headline.filter(|_| !self.left_out[at]) {
                self.blocks[self.body[at]].verdict = verdict;
                continue;
            }
            if let Some(hit) = hit {
                let rule = &self.rules.rules[hit.rule];
                self.blocks[self.body[at]].verdict = rule.verdict();
                *by_pattern = !hit.exact && rule.gives == Gives::Dropped;
                if rule.written.cut {
                    let end = self.zones.place(at).end && self.zones.running_before(at) > 0;
                    reach = if end { Reach::End } else { Reach::List };
                }
                takes = (rule.written.takes > 0).then_some((hit.rule, rule.written.takes));
                continue;
            }
            if let Some(rule) = self.presents_itself(at) {
                self.blocks[self.body[at]].verdict = self.rules.rules[rule].verdict();
                takes = Some((rule, self.rules.rules[rule].written.takes));
                continue;
            }
            let place = self.zones.place(at);
            if (place.end || place.outside)
                && let Some(verdict) = composed::biography(&self.forms[at], self.names)
            {
                self.blocks[self.body[at]].verdict = verdict;
                self.office_above(at);
                continue;
            }
            if (place.start || place.outside) && !self.zones.running[at] {
                let text = &self.blocks[self.body[at]].block.text;
                if let Some(verdict) = composed::verdict(text, &self.forms[at], self.names, self.rules) {
                    self.blocks[self.body[at]].verdict = verdict;
                    continue;
                }
            }
            if let Some((rule, left)) = takes.filter(|(_, left)| *left > 0 && !heading) {
                self.blocks[self.body[at]].verdict = self.rules.rules[rule].verdict();
                takes = Some((rule, left - 1));
                continue;
            }
            takes = None;
            let next_runs = self.zones.running.get(at + 1).copied().unwrap_or(false);
            let density = self.blocks[self.body[at]].evidence.link_density;
            let (form, running) = (&self.forms[at], self.zones.running[at]);
            match reach.takes(form, density, running, heading, next_runs) {
                Some(rule) => {
                    self.blocks[self.body[at]].verdict = Verdict::dropped(rule);
                    *by_pattern = true;
                }
                None => reach = Reach::default(),
            }
        }
        self.guard(&by_pattern)
    }

    /// Above a biography stand the name and the office, each on a line.
    fn office_above(&mut self, at: usize) {
        for above in (0..at).rev().take(3) {
            let (form, judged) = (&self.forms[above], &mut self.blocks[self.body[above]]);
            if form.sentence || form.words > 8 || !form.titled || !judged.verdict.is_body() {
                break;
            }
            judged.verdict = Verdict::dropped("byline/office");
        }
    }

    /// The first rule that holds for a block where it stands.
    fn admitted(&mut self, at: usize) -> Option<Hit> {
        for n in 0..self.hits[at].len() {
            let hit = self.hits[at][n];
            let written = &self.rules.rules[hit.rule].written;
            let mut place = self.zones.place(at);
            if written.takes > 0 {
                let foot = self.zones.running_after(at) <= written.takes && self.zones.running_before(at) >= 2;
                place = Place { end: place.end || foot, ..place };
            }
            let there = hit.loud || holds_at(written.zone, place);
            if there && (place.outside || !self.is_about(hit.rule) || (hit.exact && self.forms[at].words >= 3)) {
                return Some(hit);
            }
        }
        None
    }

    /// The rule of self-descriptions, where one begins at the foot of the article: "About" a name, and the name again.
    fn presents_itself(&self, at: usize) -> Option<usize> {
        let next = self.forms.get(at + 1)?;
        if self.zones.running[at] || !composed::is_about(&self.forms[at], next) {
            return None;
        }
        let rule = self.rules.rules.iter().position(|rule| rule.written.id == "publisher/about")?;
        let foot = self.zones.running_after(at) <= self.rules.rules[rule].written.takes;
        (foot && self.zones.running_before(at) >= 2).then_some(rule)
    }

    /// Gives back sentences that were dropped by pattern when little else is left: better chrome in an article than no article.
    fn guard(self, by_pattern: &[bool]) -> bool {
        let (mut whole, mut kept) = (0, 0);
        for (at, form) in self.forms.iter().enumerate().filter(|(at, _)| !self.left_out[*at]) {
            whole += form.words;
            kept += if self.blocks[self.body[at]].verdict.is_body() { form.words } else { 0 };
        }
        let lost = |at: &usize| {
            by_pattern[*at] && !self.left_out[*at] && self.forms[*at].sentence && self.forms[*at].words >= 8
        };
        let back: Vec<usize> = (0..self.body.len()).filter(lost).collect();
        if whole < 60 || kept * 5 >= whole * 2 || back.is_empty() {
            return false;
        }
        for at in back {
            self.blocks[self.body[at]].verdict = Verdict::body("guard/too_little_left");
        }
        true
    }
}

fn holds_at(zone: crate::written::Zone, place: Place) -> bool {
    use crate::written::Zone;
    match zone {
        Zone::Any => true,
        Zone::Start => place.start,
        Zone::End => place.end,
        Zone::Edges => place.start || place.end,
    }
}

/// Copyright lines, credits and pointers to the source often stand where structure has already left the body.
fn lift_notices_near(blocks: &mut [Judged], rules: &Rules) {
    let Some(first) = blocks.iter().position(|b| b.verdict.is_body()) else { return };
    let last = blocks.iter().rposition(|b| b.verdict.is_body()).unwrap_or(first);
    for at in first.saturating_sub(2)..blocks.len().min(last + 1 + NEAR) {
        let judged = &mut blocks[at];
        if !matches!(&judged.verdict, Verdict::Dropped { rule } if !rule.starts_with("repeat/")) {
            continue;
        }
        let hits = rules.hits(&Form::of(&judged.block.text));
        let notice = hits.iter().map(|h| (h, &rules.rules[h.rule])).find(|(_, r)| matches!(r.gives, Gives::Notice(_)));
        let Some((hit, rule)) = notice else { continue };
        let family = rule.written.id.split('/').next().unwrap_or_default();
        let lifted = match family {
            // A link, by nature; the same words on a button further up are about something else.
            "source" => hit.exact && at + 3 > last,
            "syndication" | "copyright" | "correction" | "credit" | "disclaimer" => {
                judged.evidence.link_density <= 0.8 && rule.written.id != "credit/staff"
            }
            _ => false,
        };
        if lifted {
            judged.verdict = rule.verdict();
        }
    }
}
