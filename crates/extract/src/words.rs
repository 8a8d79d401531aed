//! What names tell: class, id, role and test-id words as people use them on news pages, sorted by what they mean. The lists
//! are data; no name of a site belongs here.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// A set of meanings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) u32);

impl Words {
    pub(crate) const NAV: Self = Self(1);
    pub(crate) const FOOTER: Self = Self(1 << 1);
    pub(crate) const SIDEBAR: Self = Self(1 << 2);
    pub(crate) const COMMENTS: Self = Self(1 << 3);
    pub(crate) const RELATED: Self = Self(1 << 4);
    pub(crate) const SHARE: Self = Self(1 << 5);
    pub(crate) const NEWSLETTER: Self = Self(1 << 6);
    pub(crate) const AD: Self = Self(1 << 7);
    pub(crate) const CONSENT: Self = Self(1 << 8);
    pub(crate) const BYLINE: Self = Self(1 << 9);
    pub(crate) const DATE: Self = Self(1 << 10);
    pub(crate) const CAPTION: Self = Self(1 << 11);
    pub(crate) const TAGS: Self = Self(1 << 12);
    pub(crate) const BREADCRUMB: Self = Self(1 << 13);
    pub(crate) const BIO: Self = Self(1 << 14);
    pub(crate) const PAYWALL: Self = Self(1 << 15);
    pub(crate) const CARD: Self = Self(1 << 16);
    pub(crate) const TOC: Self = Self(1 << 17);
    pub(crate) const BODY: Self = Self(1 << 18);
    pub(crate) const ARTICLE: Self = Self(1 << 19);
    pub(crate) const UNSEEN: Self = Self(1 << 20);
    pub(crate) const FORM: Self = Self(1 << 21);
    pub(crate) const STANDFIRST: Self = Self(1 << 22);
    pub(crate) const HEADLINE: Self = Self(1 << 23);
    pub(crate) const META: Self = Self(1 << 24);
    pub(crate) const DIALOG: Self = Self(1 << 25);
    pub(crate) const HEADER: Self = Self(1 << 26);
    pub(crate) const NOTICE: Self = Self(1 << 27);
    pub(crate) const GALLERY: Self = Self(1 << 28);
    pub(crate) const LIVE: Self = Self(1 << 29);
    pub(crate) const VIDEO: Self = Self(1 << 30);
    pub(crate) const CREDIT: Self = Self(1 << 31);

    /// Whatever marks the furniture of a page, strongest first, with the rule that drops it.
    pub(crate) const CHROME: [(Self, &'static str); 15] = [
        (Self::COMMENTS, "chrome/comments"),
        (Self::NAV, "chrome/nav"),
        (Self::FOOTER, "chrome/footer"),
        (Self::BREADCRUMB, "chrome/breadcrumb"),
        (Self::CONSENT, "chrome/consent"),
        (Self::DIALOG, "chrome/dialog"),
        (Self::NEWSLETTER, "chrome/newsletter"),
        (Self::SHARE, "chrome/share"),
        (Self::RELATED, "chrome/related"),
        (Self::AD, "chrome/advertisement"),
        (Self::TAGS, "chrome/tags"),
        (Self::SIDEBAR, "chrome/sidebar"),
        (Self::BIO, "chrome/author"),
        (Self::TOC, "chrome/contents"),
        (Self::PAYWALL, "chrome/paywall"),
    ];

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// All that marks furniture.
    pub(crate) fn chrome(self) -> Self {
        const ALL: Words = {
            let mut all = Words(0);
            let mut at = 0;
            while at < Words::CHROME.len() {
                all = all.or(Words::CHROME[at].0);
                at += 1;
            }
            all
        };
        Self(self.0 & ALL.0)
    }
    /// The rule of the strongest mark of furniture.
    pub(crate) fn rule(self) -> Option<&'static str> {
        Self::CHROME.iter().find(|(mark, _)| self.has(*mark)).map(|(_, rule)| *rule)
    }
}

/// `word` is a whole word, `word*` a beginning, `a-b` two words side by side. Names are split at everything that is not a letter or
/// digit and where a small letter meets a capital.
const LISTS: &[(Words, &str)] = &[
    (
        Words::NAV,
        "nav navbar navi navigation* menu menus submenu megamenu mainmenu subnav topnav menuitem hamburger pagination pager \
         paging nextprev skip-link skip-to back-top scroll-top sitemap prev-next post-navigation nav-links toolbar topbar \
         utility-bar language-switcher search-form searchform",
    ),
    (Words::FOOTER, "footer* colophon site-info siteinfo legal-notice fuss bottom-bar imprint"),
    (
        Words::SIDEBAR,
        "sidebar* rail rightrail leftrail right-rail left-rail right-column rightcolumn right-col rightcol side-bar side-column \
         widget-area widgetarea secondary-content aside-content skyscraper sidecol off-canvas offcanvas marginal*",
    ),
    (
        Words::COMMENTS,
        "comment comments commentlist commentform comment-list comment-body comment-content comments-area respond disqus* \
         livefyre viafoura coral spotim openweb kommentar kommentare commentaires commentaire comentarios komentarze \
         discussion reactions leserbrief* leserkommentar* user-comments reader-comments hyvor",
    ),
    (
        Words::RELATED,
        "related* rich-link richlink link-card linkcard breaking breaking-news recommend* recirc* popular mostpopular mostread most-read most-popular most-viewed trending* you-may \
         you-might read-more readmore read-next readnext more-stories more-from more-news more-on more-articles up-next \
         upnext also-read also-like see-also outbrain* taboola* zergnet revcontent mgid sponsored-content similar* \
         other-articles latest-news latest-posts latest-stories recent-posts recentposts top-stories top-news editors-picks \
         article-list articlelist story-list news-list post-list teaser-list teaserlist verwandt* mehr-zum mehr-artikel \
         weitere-artikel zum-thema auch-interessant meistgelesen lire-aussi a-lire sur-le-meme articles-lies relacionad* \
         te-puede mas-leidas lo-mas powiazane polecane czytaj-takze zobacz-takze further-reading onward* suggested* \
         next-article next-post crosslink* inline-related linkbox infobox-links jp-relatedposts yarpp carousel keep-reading \
         continue-reading-list discover-more explore-more",
    ),
    (
        Words::SHARE,
        "share shares sharing sharebar sharedaddy share-buttons sharebuttons social socials social-media socialmedia \
         social-links social-share addthis addtoany a2a shareaholic sharethis shariff ssba heateor follow-us follow-me \
         followus follow-buttons share-tools article-tools tool-bar print-button sd-sharing copy-link copy-url teilen \
         partager compartir udostepnij",
    ),
    (
        Words::NEWSLETTER,
        "newsletter* signup sign-up subscribe subscribe-box subscribebox subscribe-form subscribeform subscription-box optin opt-in mailchimp mc4wp mailing-list email-signup \
         emailsignup inline-signup nlsignup convertkit infolettre boletin push-notification app-download app-promo \
         download-app appbanner",
    ),
    (
        Words::AD,
        "ad ads advert* adsbygoogle adslot ad-slot ad-container adunit ad-unit ad-wrapper adwrapper dfp gpt sponsor sponsored \
         sponsors sponsorship promo promos promoted promotion* promobox affiliate* werbung anzeige anzeigen publicite \
         publicidad reklama commercial banner-ad house-ad donate donation donations membership-appeal cta callout-cta \
         call-to-action inline-cta product-box buy-button shopping deals-widget",
    ),
    (
        Words::CONSENT,
        "cookie cookies cookiebanner cookie* consent* gdpr ccpa onetrust didomi quantcast usercentrics cmplz cmpbox cmpwrapper cmp-banner cmp-wrapper cmp-modal cky borlabs privacy-bar privacy-banner privacy-notice privacy-modal",
    ),
    (
        Words::DIALOG,
        "modal modals popup popups pop-up overlay lightbox dialog tooltip popover toast interstitial flyout drawer hovercard hover-card",
    ),
    (
        Words::BYLINE,
        "byline bylines by-line author authors author-name authorname article-author post-author entry-author written-by \
         writer journalist reporter contributor contributors autor autoren auteur auteurs autores redakteur verfasser \
         posted-by creator byauthor author-link",
    ),
    (
        Words::DATE,
        "date dates dateline-date datetime published publish-date pubdate pub-date publishdate published-date publication-date \
         timestamp time-stamp posted-on post-date entry-date article-date updated last-updated modified last-modified \
         reading-time read-time readtime readingtime time-to-read estimated-reading datum fecha",
    ),
    (
        Words::CAPTION,
        "caption captions post-attachment figcaption wp-caption-text image-caption photo-caption img-caption imagecaption media-caption credit \
         credits photo-credit image-credit photocredit photographer copyright-image bildunterschrift bildtext legende \
         pie-de-foto image-source media-credit image-copyright",
    ),
    (
        Words::TAGS,
        "tags taglist tag-list tagcloud tag-cloud tag-links post-tags entry-tags article-tags tags-links topics topic-list \
         article-topics keywords post-categories cat-links categories category-list entry-categories schlagworte mots-cles \
         etiquetas tagi hashtags entry-footer post-footer filed-under",
    ),
    (
        Words::CREDIT,
        "credit credits photo-credit image-credit photocredit imagecredit photographer copyright-image image-source media-credit \
         image-copyright bildrechte bildnachweis",
    ),
    (Words::BREADCRUMB, "breadcrumb* bread-crumb crumbs crumb fil-ariane brotkrumen"),
    (
        Words::BIO,
        "author-bio authorbio author-box authorbox author-info author-card author-about about-author about-the-author bio \
         author-description author-profile author-details biography saboxplugin post-author-box contributor-bio",
    ),
    (
        Words::PAYWALL,
        "paywall* pay-wall subscriber-content subscribers-only piano regwall subscriber-only subscribe-wall premium-box metered barrier",
    ),
    (
        Words::CARD,
        "card cards teaser* tile tiles thumb thumbnail promo-card story-card media-object item-list listing grid-item swiper slick \
         slider slide",
    ),
    (
        Words::TOC,
        "toc table-of-contents tableofcontents toc-container ez-toc lwptoc inhaltsverzeichnis jump-links jumplinks",
    ),
    (
        Words::BODY,
        "articlebody article-body article__body articlecontent article-content article-text articletext storybody story-body \
         storytext story-text story-content storycontent entry-content entrycontent post-content postcontent post-body \
         postbody post-text body-text bodytext body-copy bodycopy news-content newstext news-text content-body contentbody \
         articlebodytext main-text richtext rich-text text-content textbody page-text blog-content blog-body blogcontent \
         single-content td-post-content the-content thecontent content-text artikeltext artikelinhalt texte-article \
         cuerpo-noticia nota-contenido tresc-artykulu e-content cms-content wysiwyg prose article-copy articlecopy \
         article-main article-detail text-long field-name-body body-content node-body paragraph-block",
    ),
    (
        Words::ARTICLE,
        "article post story entry content main hentry text single artikel beitrag noticia nota body page-content blog-post",
    ),
    (
        Words::UNSEEN,
        "sr-only visually-hidden visuallyhidden screen-reader-text screenreader screen-reader element-invisible \
         a11y-hidden offscreen off-screen assistive-text u-hidden is-hidden print-only printonly visually-hidden-focusable \
         invisible sronly vh hide-text",
    ),
    (
        Words::FORM,
        "form forms wpcf7 gform search login login-form loginform register registration captcha quiz poll survey vote calculator",
    ),
    (
        Words::STANDFIRST,
        "standfirst dek deck sottotitolo untertitel subtitle sub-title subhead subheadline sub-headline subheading subtitel excerpt lede-text \
         summary article-summary article-intro article-lead article-lead-text lead-text heading-des headline-desc subhed article-subtitle article-dek entry-summary post-excerpt article-excerpt \
         article-description vorspann anleser chapo chapeau entradilla bajada copete zajawka teaser-text article-deck \
         headline-sub story-summary",
    ),
    (
        Words::HEADLINE,
        "headline entry-title post-title article-title article-headline page-title story-title posttitle articletitle",
    ),
    (
        Words::META,
        "meta metadata post-meta entry-meta article-meta article-info postmeta post-info entry-info postinfo kicker eyebrow \
         overline rubric section-label category-label label-category article-header-meta view-count views viewcount \
         post-views comment-count likes rating ratings star-rating vote-count",
    ),
    (
        Words::HEADER,
        "header masthead site-header page-header article-header entry-header post-header hero page-head topper",
    ),
    (
        Words::NOTICE,
        "disclaimer disclosure copyright correction corrections editors-note editor-note editor-notes legal rights sourcelink source-link",
    ),
    (
        Words::GALLERY,
        "gallery photogallery slideshow photo-gallery image-gallery bildergalerie diaporama galeria fotostrecke lightbox-gallery",
    ),
    (Words::LIVE, "liveblog live-blog liveticker live-ticker live-updates liveupdates live-post"),
    (
        Words::VIDEO,
        "video videos video-player videoplayer player jwplayer brightcove youtube vimeo video-wrapper videowrapper",
    ),
];

/// A map that hashes fast; what it holds is bounded by the page's own guard.
pub(crate) type NameMap<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// Fowler, Noll and Vo's hash, eight bytes at a time: names are short and nobody gains by making them collide.
#[derive(Default)]
pub(crate) struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = match chunk.first_chunk() {
                Some(eight) => u64::from_le_bytes(*eight),
                None => chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            };
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
}

struct Lexicon {
    whole: NameMap<&'static str, Words>,
    pairs: NameMap<String, Words>,
    beginnings: Vec<(&'static str, Words)>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon { whole: NameMap::default(), pairs: NameMap::default(), beginnings: Vec::new() };
    for (meaning, list) in LISTS {
        for word in list.split_whitespace() {
            if let Some(beginning) = word.strip_suffix('*') {
                lexicon.beginnings.push((beginning, *meaning));
            } else if word.contains(['-', '_']) {
                let joined: Vec<&str> = word.split(['-', '_']).filter(|part| !part.is_empty()).collect();
                let place = lexicon.pairs.entry(joined.join("-")).or_default();
                *place = place.or(*meaning);
            } else {
                let place = lexicon.whole.entry(word).or_default();
                *place = place.or(*meaning);
            }
        }
    }
    lexicon.beginnings.sort_unstable_by_key(|(word, _)| *word);
    lexicon
});

/// Whether names could hide what they are on: asked of every class, so it must be cheap.
pub(crate) fn may_hide(names: &str) -> bool {
    let names = names.as_bytes();
    (0..names.len()).any(|at| {
        let parts: &[&str] = match names[at] {
            b'h' => &["hid"],
            b's' => &["sr-", "sronly", "screen"],
            b'a' => &["assist"],
            b'i' => &["invisible"],
            b'p' => &["print"],
            b'v' => &["vh"],
            _ => return false,
        };
        parts.iter().any(|part| names[at..].starts_with(part.as_bytes()))
    })
}

/// What the names on a page mean. Most elements bear names that others bear too, alone or in other company: each is looked up once.
#[derive(Default)]
pub(crate) struct Meanings<'a> {
    together: NameMap<&'a str, Words>,
    alone: NameMap<&'a str, Words>,
}

impl<'a> Meanings<'a> {
    /// What one attribute's names mean together.
    pub(crate) fn of(&mut self, names: &'a str) -> Words {
        let Self { together, alone } = self;
        *together.entry(names).or_insert_with(|| {
            let names = names.split_ascii_whitespace().take(24).filter(|name| says_what_it_is(name));
            names.fold(Words::default(), |found, name| found.or(*alone.entry(name).or_insert_with(|| meaning(name))))
        })
    }
}

/// `md:hidden`, `w-[calc(..)]`: how it looks on some screens, not what it is. `no-sidebar`, `has-comments`: about another.
fn says_what_it_is(name: &str) -> bool {
    let turned = ["no-", "has-", "with-", "without-", "have-", "is-", "hide-", "show-"];
    name.len() <= 80 && !name.contains([':', '[']) && !turned.iter().any(|beginning| name.starts_with(beginning))
}

/// What a name means.
fn meaning(name: &str) -> Words {
    // A consent platform's own box; as a beginning it is how one content system names everything.
    if name.eq_ignore_ascii_case("cmp") {
        return Words::CONSENT;
    }
    let lexicon = &*LEXICON;
    let mut parts: [(usize, usize); 16] = [(0, 0); 16];
    let lower = split(name, &mut parts);
    let mut meaning = Words::default();
    let parts = &parts[..lower.1];
    let text = lower.0.as_str();
    for (at, &(from, to)) in parts.iter().enumerate() {
        let part = &text[from..to];
        if let Some(words) = lexicon.whole.get(part) {
            meaning = meaning.or(*words);
        } else if part.len() > 3 {
            meaning = meaning.or(begins(lexicon, part));
        }
        if at > 0
            && let Some(words) = lexicon.pairs.get(&text[parts[at - 1].0..to])
        {
            meaning = meaning.or(*words);
        }
        if at > 1
            && let Some(words) = lexicon.pairs.get(&text[parts[at - 2].0..to])
        {
            meaning = meaning.or(*words);
        }
    }
    // What is embedded was written elsewhere, but the author chose it.
    let embedded = parts.iter().any(|&(from, to)| matches!(&text[from..to], "embed" | "embedded" | "embeds"));
    if embedded {
        meaning = meaning.without(Words::SHARE);
    }
    settle(meaning)
}

/// `article-share-body` is about sharing, `content-sidebar` about a sidebar; `no-sidebar` and `has-comments` about neither.
fn settle(meaning: Words) -> Words {
    if meaning.chrome().0 != 0 { meaning.without(Words::ARTICLE) } else { meaning }
}

fn begins(lexicon: &Lexicon, part: &str) -> Words {
    let at = lexicon.beginnings.partition_point(|(word, _)| *word <= part);
    // The beginning that fits is the nearest before; shorter ones may stand a little further up.
    for (word, meaning) in lexicon.beginnings[..at].iter().rev().take(3) {
        if part.starts_with(word) {
            return *meaning;
        }
    }
    Words::default()
}

/// The name in small letters, its parts joined by single hyphens, and where each part stands.
fn split(name: &str, parts: &mut [(usize, usize); 16]) -> (String, usize) {
    let mut out = String::with_capacity(name.len() + 4);
    let mut count = 0;
    let mut from = 0;
    let mut small = false;
    let mut close = |out: &mut String, from: &mut usize| {
        if out.len() > *from && count < parts.len() {
            parts[count] = (*from, out.len());
            count += 1;
            out.push('-');
        } else {
            out.truncate(*from);
        }
        *from = out.len();
    };
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() {
            if byte.is_ascii_uppercase() && small {
                close(&mut out, &mut from);
            }
            small = byte.is_ascii_lowercase();
            out.push(char::from(byte.to_ascii_lowercase()));
        } else {
            close(&mut out, &mut from);
            small = false;
        }
    }
    close(&mut out, &mut from);
    (out, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them() {
        for (name, mark) in [
            ("relatedPosts", Words::RELATED),
            ("c-related-links", Words::RELATED),
            ("Newsletter_signup__box", Words::NEWSLETTER),
            ("site-footer", Words::FOOTER),
            ("comment-list", Words::COMMENTS),
            ("entry-content", Words::BODY),
            ("ArticleBody", Words::BODY),
            ("article__body", Words::BODY),
            ("sr-only", Words::UNSEEN),
            ("wp-caption-text", Words::CAPTION),
            ("most-popular", Words::RELATED),
            ("rightRail", Words::SIDEBAR),
        ] {
            assert!(Meanings::default().of(name).has(mark), "{name}");
        }
        for name in ["heading", "header-text-shadow", "loading", "threadbare", "md:sidebar", "download", "adept"] {
            assert_eq!(Meanings::default().of(name).chrome().0, 0, "{name}");
        }
    }
}
