//! Pages that are no articles, of several makes and in several languages, and near misses that are: what the desk takes for
//! an article goes out, so a wall must be told from an article about walls.

use wiredesk_model::block::{Hints, PageKind};
use wiredesk_pipeline::article;

struct Read {
    kind: PageKind,
    text: String,
    flags: Vec<String>,
}

fn read(html: &str) -> Read {
    let url = "https://harbour.example/2031/ferry".to_owned();
    let hints = Hints { requested_url: url.clone(), final_url: url, ..Hints::default() };
    let got = article::read(html.as_bytes(), Some("text/html; charset=utf-8"), &hints, &Default::default())
        .expect("no page here is costly");
    Read { kind: got.ledger.page, text: got.article.text, flags: got.article.extraction.flags }
}

/// Checks a table of pages and says of all that differ.
fn all_are(want: PageKind, pages: &[(&str, String)]) {
    let faults: Vec<String> = pages
        .iter()
        .map(|(name, html)| (name, read(html)))
        .filter(|(_, got)| got.kind != want)
        .map(|(name, got)| format!("{name} is {:?}: {:?}", got.kind, got.text))
        .collect();
    assert!(faults.is_empty(), "not {want:?}:\n{}", faults.join("\n"));
}

/// A page with a site's furniture around `main`.
fn site(title: &str, main: &str) -> String {
    format!(
        "<!doctype html><html><head><title>{title}</title></head><body>\
         <header><a href=/>Harbour Post</a><nav><ul><li><a href=/news>News</a><li><a href=/sport>Sport</a><li><a href=/tide>Tide</a></ul></nav></header>\
         <main>{main}</main>\
         <footer><a href=/imprint>Imprint</a> <a href=/privacy>Privacy</a><p>© 2031 Harbour Post</p></footer></body></html>"
    )
}

/// Paragraphs of an article, each its own.
fn story(from: usize, to: usize) -> String {
    (from..to)
        .map(|n| {
            format!(
                "<p>On day {n} of the talks the harbour board and the crew of the ferry spoke for {n} hours about the valve, \
                 and nobody at the pier could say what they had agreed on.</p>"
            )
        })
        .collect()
}

fn pages<const N: usize>(pages: [(&'static str, String); N]) -> Vec<(&'static str, String)> {
    pages.into()
}

#[test]
fn pages_that_are_not_there_say_so_whatever_their_status() {
    all_are(
        PageKind::SoftNotFound,
        &pages([
            ("plain", site("404 - Page not found", "<h1>404</h1><p>The page you are looking for does not exist.</p>")),
            (
                "titled by the site alone",
                site("Harbour Post", "<h1>Page not found</h1><p>It may have been moved. Try a search.</p>"),
            ),
            (
                "sorry",
                site(
                    "Harbour Post",
                    "<h1>Sorry, this page isn't available</h1><p>The link you followed may be broken, or the page may have been removed.</p>",
                ),
            ),
            (
                "oops",
                site(
                    "Oops! | Harbour Post",
                    "<h2>Oops! That page can’t be found.</h2><p>It looks like nothing was found at this location. Maybe try one of the links below or a search?</p>",
                ),
            ),
            (
                "with teasers",
                site(
                    "Page Not Found - Harbour Post",
                    &format!(
                        "<h1>We can't find that page</h1><p>Here are our latest stories instead.</p>{}",
                        teasers(12)
                    ),
                ),
            ),
            (
                "expired",
                site(
                    "Harbour Post",
                    "<h1>This article is no longer available</h1><p>The article you requested has expired and is no longer in our archive.</p>",
                ),
            ),
            (
                "german",
                site(
                    "Seite nicht gefunden – Hafenbote",
                    "<h1>Seite nicht gefunden</h1><p>Die von Ihnen aufgerufene Seite existiert leider nicht mehr.</p>",
                ),
            ),
            (
                "german by heading",
                site(
                    "Hafenbote",
                    "<h1>Diese Seite existiert nicht</h1><p>Leider konnten wir den Artikel nicht finden. Bitte nutzen Sie die Suche.</p>",
                ),
            ),
            (
                "french",
                site(
                    "Page introuvable | Le Journal du Port",
                    "<h1>Erreur 404</h1><p>La page que vous recherchez n’existe pas ou a été déplacée.</p>",
                ),
            ),
            (
                "spanish",
                site(
                    "Página no encontrada - Diario del Puerto",
                    "<h1>Lo sentimos</h1><p>La página que busca no existe o ha sido eliminada.</p>",
                ),
            ),
            (
                "portuguese",
                site(
                    "Página não encontrada - Correio do Porto",
                    "<h1>Ops!</h1><p>A página que você procura não foi encontrada.</p>",
                ),
            ),
            (
                "italian",
                site(
                    "Pagina non trovata - Corriere del Porto",
                    "<h1>Errore 404</h1><p>La pagina che cerchi non esiste.</p>",
                ),
            ),
            (
                "dutch",
                site(
                    "Pagina niet gevonden | Havenbode",
                    "<h1>Helaas</h1><p>De pagina die je zoekt bestaat niet meer.</p>",
                ),
            ),
            (
                "polish",
                site(
                    "Nie znaleziono strony - Kurier Portowy",
                    "<h1>Błąd 404</h1><p>Strona, której szukasz, nie istnieje.</p>",
                ),
            ),
            (
                "russian",
                site(
                    "Страница не найдена — Портовый вестник",
                    "<h1>Ошибка 404</h1><p>Запрашиваемая страница не существует или была удалена.</p>",
                ),
            ),
            (
                "turkish",
                site(
                    "Sayfa bulunamadı - Liman Postası",
                    "<h1>404</h1><p>Aradığınız sayfa bulunamadı veya kaldırılmış.</p>",
                ),
            ),
            (
                "arabic",
                site("الصفحة غير موجودة - بريد الميناء", "<h1>خطأ 404</h1><p>الصفحة التي تبحث عنها غير موجودة.</p>"),
            ),
            ("chinese", site("页面不存在 - 港口日报", "<h1>404</h1><p>抱歉，您访问的页面不存在或已被删除。</p>")),
            (
                "japanese",
                site(
                    "ページが見つかりません｜港新聞",
                    "<h1>ページが見つかりません</h1><p>お探しのページは移動または削除された可能性があります。</p>",
                ),
            ),
            (
                "japanese, expired",
                site(
                    "港新聞",
                    "<h1>指定されたページは見つかりませんでした</h1><p>記事の掲載期間が終了した可能性があります。</p>",
                ),
            ),
            (
                "korean",
                site("페이지를 찾을 수 없습니다 - 항구일보", "<h1>404</h1><p>요청하신 페이지를 찾을 수 없습니다.</p>"),
            ),
        ]),
    );
}

fn teasers(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "<article class=card><a href=/{n}><h3>The island and its {n} boats in the winter</h3></a>\
                 <p>A teaser of some words about boat {n}.</p></article>"
            )
        })
        .collect()
}

#[test]
fn walls_of_consent_are_told() {
    all_are(
        PageKind::ConsentWall,
        &pages([
            ("before you continue", "<title>Before you continue</title><body><h1>Before you continue to Harbour Post</h1><p>We use cookies and data to deliver and maintain our services, to track outages and protect against spam.</p><button>Accept all</button><button>Reject all</button>".into()),
            ("we value your privacy", site("Harbour Post", "<h1>We value your privacy</h1><p>We and our 842 partners store and access information on a device, such as cookies, and process personal data.</p>")),
            ("pay or consent, german", "<title>Hafenbote</title><body><h1>Mit Werbung weiterlesen</h1><p>Besuchen Sie hafenbote.example wie gewohnt mit Werbung und Tracking. Details zum Tracking finden Sie in der Datenschutzerklärung.</p><h2>Oder mit dem Pur-Abo</h2><p>Für 3,99 Euro im Monat nutzen Sie das Angebot ohne Tracking.</p><button>Zustimmen und weiter</button>".into()),
            ("german", site("Hafenbote", "<h1>Ihre Privatsphäre ist uns wichtig</h1><p>Wir und unsere Partner verarbeiten Daten, um Inhalte zu messen und Werbung zu zeigen. Sie können Ihre Auswahl jederzeit ändern.</p>")),
            ("french", site("Le Journal du Port", "<h1>Votre vie privée est importante</h1><p>Avec votre accord, nos partenaires et nous utilisons des cookies pour stocker et accéder à des informations personnelles.</p><a href=#>Continuer sans accepter</a>")),
            ("spanish", site("Diario del Puerto", "<h1>Valoramos tu privacidad</h1><p>Nosotros y nuestros socios almacenamos o accedemos a información en un dispositivo, como las cookies.</p>")),
            ("italian", site("Corriere del Porto", "<h1>La tua privacy è importante per noi</h1><p>Noi e i nostri partner archiviamo informazioni su un dispositivo, come i cookie, e trattiamo i dati personali.</p>")),
            ("dutch", site("Havenbode", "<h1>Wij waarderen uw privacy</h1><p>Wij en onze partners slaan informatie op een apparaat op, zoals cookies, en verwerken persoonsgegevens.</p>")),
            ("polish", site("Kurier Portowy", "<h1>Szanujemy Twoją prywatność</h1><p>My i nasi partnerzy przechowujemy informacje na urządzeniu, takie jak pliki cookie, i przetwarzamy dane osobowe.</p>")),
            ("portuguese", site("Correio do Porto", "<h1>Valorizamos a sua privacidade</h1><p>Nós e os nossos parceiros armazenamos informações num dispositivo, como cookies, e processamos dados pessoais.</p>")),
        ]),
    );
}

#[test]
fn questions_whether_the_reader_is_a_machine_are_told() {
    all_are(
        PageKind::BotChallenge,
        &pages([
            ("just a moment", "<title>Just a moment...</title><body><noscript>Enable JavaScript and cookies to continue</noscript>".into()),
            ("checking", "<title>harbour.example</title><h1>Checking your browser before accessing harbour.example.</h1><p>This process is automatic. Your browser will redirect to your requested content shortly.</p>".into()),
            ("attention", "<title>Attention Required! | Shield</title><h1>Sorry, you have been blocked</h1><p>You are unable to access harbour.example</p><p>This website is using a security service to protect itself from online attacks. The action you just performed triggered the security solution.</p>".into()),
            ("denied", "<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access this page on this server.</p><p>Reference #18.2d351ab8.1557333295.a4e16ab</p>".into()),
            ("robot", "<title>Are you a robot?</title><p>Please make sure your browser supports JavaScript and cookies and that you are not blocking them from loading.</p>".into()),
            ("human", "<title>harbour.example</title><h1>Verify you are human by completing the action below.</h1><p>harbour.example needs to review the security of your connection before proceeding.</p>".into()),
            ("interruption", "<title>Pardon Our Interruption</title><h1>Pardon Our Interruption...</h1><p>As you were browsing, something about your browser made us think you were a bot. There are a few reasons this might happen.</p>".into()),
            ("forbidden", "<title>403 Forbidden</title><h1>403 Forbidden</h1><hr><p>nginx".into()),
            ("blocked request", "<title>Request blocked</title><h1>The request could not be satisfied.</h1><p>Request blocked. We can't connect to the server for this app or website at this time.</p>".into()),
            ("too many", "<title>429 Too Many Requests</title><h1>Too Many Requests</h1><p>You have sent too many requests in a given amount of time.</p>".into()),
            ("script needed", "<title>Harbour Post</title><p>Please enable JavaScript to continue using this application. We have detected unusual activity from your network.</p>".into()),
            ("german", "<title>Hafenbote</title><h1>Sind Sie ein Mensch?</h1><p>Bitte bestätigen Sie, dass Sie kein Roboter sind, um fortzufahren.</p>".into()),
            ("french", "<title>Le Journal du Port</title><h1>Vérification de sécurité</h1><p>Veuillez confirmer que vous n’êtes pas un robot pour continuer.</p>".into()),
            ("spanish", "<title>Diario del Puerto</title><h1>Verificación</h1><p>Confirme que no es un robot para continuar.</p>".into()),
            ("japanese", "<title>港新聞</title><p>お使いのブラウザからのアクセスを確認しています。あなたがロボットではないことを確認してください。</p>".into()),
        ]),
    );
}

#[test]
fn forms_for_a_login_are_told() {
    let form = "<form action=/login method=post><label>E-mail<input type=email></label><label>Password<input type=password></label><button>OK</button></form>";
    all_are(
        PageKind::Login,
        &pages([
            ("titled", site("Log in - Harbour Post", &format!("<h1>Welcome back</h1>{form}<p>No account yet?</p>"))),
            (
                "headed",
                site("Harbour Post", &format!("<h1>Sign in to your account</h1>{form}<p>Forgot your password?</p>")),
            ),
            ("german", site("Anmelden | Hafenbote", &format!("<h1>Willkommen</h1>{form}<p>Passwort vergessen?</p>"))),
            (
                "german by heading",
                site(
                    "Hafenbote",
                    &format!(
                        "<h1>Melden Sie sich an</h1><p>Um diesen Bereich zu sehen, müssen Sie angemeldet sein.</p>{form}"
                    ),
                ),
            ),
            (
                "french",
                site(
                    "Connexion - Le Journal du Port",
                    &format!("<h1>Se connecter</h1>{form}<p>Mot de passe oublié ?</p>"),
                ),
            ),
            ("spanish", site("Iniciar sesión - Diario del Puerto", &format!("<h1>Hola de nuevo</h1>{form}"))),
            (
                "portuguese",
                site(
                    "Entrar - Correio do Porto",
                    &format!("<h1>Entrar na sua conta</h1>{form}<p>Esqueceu a senha?</p>"),
                ),
            ),
            ("italian", site("Accedi - Corriere del Porto", &format!("<h1>Accedi al tuo account</h1>{form}"))),
            ("dutch", site("Inloggen - Havenbode", &format!("<h1>Inloggen</h1>{form}"))),
            ("polish", site("Zaloguj się - Kurier Portowy", &format!("<h1>Zaloguj się</h1>{form}"))),
            ("russian", site("Вход - Портовый вестник", &format!("<h1>Войти</h1>{form}<p>Забыли пароль?</p>"))),
            ("japanese", site("ログイン｜港新聞", &format!("<h1>ログイン</h1>{form}"))),
        ]),
    );
}

#[test]
fn players_without_a_text_are_told() {
    let linked = r#"<script type="application/ld+json">{"@context":"https://schema.org","@type":"VideoObject","name":"The boat leaves","uploadDate":"2031-06-19"}</script>"#;
    all_are(
        PageKind::VideoStub,
        &pages([
            ("a caption", site("The boat leaves", &format!("{linked}<h1>The boat leaves</h1><div class=video-player><video src=a.mp4></video></div><p>The ferry leaves the dock after a winter.</p>"))),
            ("with others", site("The boat leaves", &format!("{linked}<h1>The boat leaves</h1><video src=a.mp4></video><p>The ferry leaves the dock after a winter.</p>{}", teasers(14)))),
            ("told by og:type", site("The boat leaves", "<h1>The boat leaves</h1><div class=player><video src=a.mp4></video></div><p>The ferry leaves the dock.</p>").replace("<title>", "<meta property=og:type content=video.other><title>")),
        ]),
    );
}

#[test]
fn section_fronts_are_told() {
    let river: String = (0..40)
        .map(|n| format!("<li><a href=/n/{n}>The harbour board speaks of the ferry for the {n}th time</a></li>"))
        .collect();
    let cards = teasers(30);
    let headings: String = (0..30)
        .map(|n| format!("<div class=item><h2><a href=/n/{n}>What the island says of boat number {n} today</a></h2><time>19 June 2031</time></div>"))
        .collect();
    all_are(
        PageKind::Index,
        &pages([
            ("a list of links", site("News - Harbour Post", &format!("<h1>News</h1><ul>{river}</ul>"))),
            ("cards", site("Harbour Post: news from the coast", &cards)),
            (
                "headings",
                site("Archive: June 2031", &format!("<h1>Archive</h1>{headings}<a href=?page=2>Older posts</a>")),
            ),
            (
                "an author's page",
                site(
                    "Ada Example, Author at Harbour Post",
                    &format!("<h1>Ada Example</h1><p>Ada Example writes about the sea.</p>{headings}"),
                ),
            ),
        ]),
    );
}

#[test]
fn pages_with_nothing_to_read_are_empty() {
    all_are(
        PageKind::Empty,
        &pages([
            (
                "an application's shell",
                "<!doctype html><title></title><body><div id=root></div><script src=a.js></script>".into(),
            ),
            ("nothing", String::new()),
            ("a frame set", "<html><frameset cols=20%,80%><frame src=a><frame src=b></frameset></html>".into()),
        ]),
    );
}

#[test]
fn articles_about_walls_and_pages_with_walls_are_articles() {
    let login = "<form class=login action=/login><input type=email><input type=password><button>Log in</button></form>";
    let dialog = "<div id=consent-dialog class=cookie-consent role=dialog><h2>We value your privacy</h2><p>We and our partners store and access information on a device, such as cookies, and process personal data. You can accept all cookies or manage your choices.</p><button>Accept all</button></div>";
    let linked = r#"<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"Ferry to run again"}</script>"#;
    all_are(
        PageKind::Article,
        &pages([
            (
                "about 404 pages",
                site(
                    "404: the pages that nobody finds",
                    &format!(
                        "<h1>404: the pages that nobody finds</h1>{}<p>Page not found is what the harbour's site has said since the winter to everybody who wants the timetable.</p>{}",
                        story(1, 6),
                        story(6, 10)
                    ),
                ),
            ),
            (
                "short, about 404 pages",
                site(
                    "Why the 404 page of the harbour is a work of art",
                    "<h1>Why the 404 page of the harbour is a work of art</h1><p>The harbour board has a new page for all the pages that it has lost: an engraving of the first ferry, drawn in 1931 by a clerk who was waiting for it.</p><p>Since Monday whoever looks for the timetable of last winter finds the boat instead, with smoke over its funnel and forty people on its deck.</p><p>The board says that the number of complaints has fallen by half, and that some come to the page on purpose.</p>",
                ),
            ),
            (
                "about logins",
                site(
                    "How to log in to the harbour's new site",
                    &format!("<h1>How to log in to the harbour's new site</h1>{}{}", story(1, 8), login),
                ),
            ),
            (
                "short, a login form in the header",
                site("Ferry to run again", &format!("<h1>Ferry to run again</h1>{}", story(1, 3)))
                    .replace("</nav>", &format!("</nav>{login}")),
            ),
            (
                "short, a login form, claimed",
                site(
                    "Ferry to run again",
                    &format!(
                        "{linked}<h1>Ferry to run again</h1><p>The ferry to the island will run again from Monday, the harbour board said after nine hours of talks with the crew and the mayor.</p><p>Log in to comment</p>{login}"
                    ),
                ),
            ),
            (
                "a dialog over it",
                site("Ferry to run again", &format!("<h1>Ferry to run again</h1>{}", story(1, 12)))
                    .replace("<header>", &format!("{dialog}<header>")),
            ),
            (
                "a dialog over a short one",
                site("Ferry to run again", &format!("<h1>Ferry to run again</h1>{}", story(1, 4)))
                    .replace("<header>", &format!("{dialog}<header>")),
            ),
            (
                "about consent",
                site(
                    "What happens when you accept all cookies",
                    &format!(
                        "<h1>What happens when you accept all cookies</h1><p>We value your privacy is what four hundred pages say before they say anything else, a study of the university of Port Sample has counted.</p>{}",
                        story(1, 6)
                    ),
                ),
            ),
            (
                "about machines",
                site(
                    "Are you a robot? The ferry's new ticket machine asks",
                    &format!("<h1>Are you a robot? The ferry's new ticket machine asks</h1>{}", story(1, 7)),
                ),
            ),
            (
                "denied",
                site(
                    "Access denied: why the island closed its harbour",
                    &format!("<h1>Access denied: why the island closed its harbour</h1>{}", story(1, 7)),
                ),
            ),
            (
                "a short one, access denied",
                site(
                    "Access denied to the island's harbour",
                    "<h1>Access denied to the island's harbour</h1><p>The island has closed its harbour to all boats but its own, the mayor said on Monday, after forty visitors had slept in the church.</p><p>They had missed the last ferry, and nobody had told them that there would be no other until the valve was mended.</p><p>The board of the mainland harbour called the decision unkind and said that it would bring blankets.</p>",
                ),
            ),
            (
                "a player and a text",
                site(
                    "The boat leaves",
                    &format!(
                        "<script type=\"application/ld+json\">{{\"@type\":\"VideoObject\",\"name\":\"x\"}}</script><h1>The boat leaves</h1><video src=a.mp4></video>{}",
                        story(1, 6)
                    ),
                ),
            ),
            (
                "short, many links beside it",
                site(
                    "Ferry to run again",
                    &format!("<h1>Ferry to run again</h1>{}</main><aside>{}</aside><main>", story(1, 3), teasers(40)),
                ),
            ),
            (
                "the number 404 in a headline",
                site(
                    "Highway 404 closed after a storm",
                    &format!("<h1>Highway 404 closed after a storm</h1>{}", story(1, 4)),
                ),
            ),
            (
                "a brief with that number",
                site(
                    "404 passengers on the first ferry",
                    "<h1>404 passengers on the first ferry</h1><p>The first ferry since the winter carried 404 passengers to the island on Monday, more than ten times as many as the board had hoped for when it opened the landing at six.</p>",
                ),
            ),
            (
                "not found, of a boat",
                site(
                    "Missing ferry not found after a week of search",
                    "<h1>Missing ferry not found after a week of search</h1><p>The old ferry that broke loose from its dock last week has not been found, the coast guard said on Monday, and the search will end tonight.</p><p>Two planes and nine boats had looked for it between the island and the mainland since the storm.</p>",
                ),
            ),
        ]),
    );
}

#[test]
fn a_dialog_over_an_article_is_no_part_of_it() {
    let page = site("Ferry to run again", &format!("<h1>Ferry to run again</h1>{}", story(1, 8)));
    let dialog = "<div class=cmp-modal role=dialog><h2>We value your privacy</h2><p>We and our 842 partners store and access information on a device, such as cookies, and process personal data for advertising, measurement and research. You may change your choices at any time.</p></div>";
    let with = page.replace("<header>", &format!("{dialog}<header>"));
    assert_eq!(read(&with).text, read(&page).text);
}

#[test]
fn a_gallery_with_a_text_is_an_article_and_flagged() {
    let pictures: String = (0..12)
        .map(|n| format!("<figure><img src=/{n}.jpg><figcaption>Boat {n} in the dock, seen from the pier. Photo: Ada Example</figcaption></figure>"))
        .collect();
    let got = read(&site(
        "Winter at the pier",
        &format!("<h1>Winter at the pier</h1>{}<div class=photo-gallery>{pictures}</div>", story(1, 4)),
    ));
    assert_eq!(got.kind, PageKind::Article);
    assert!(got.flags.iter().any(|flag| flag == "gallery"), "{:?}", got.flags);
    assert!(got.text.contains("On day 3"), "{}", got.text);
    assert!(!got.text.contains("Boat 4"), "{}", got.text);
}

#[test]
fn a_live_blog_is_an_article_and_flagged() {
    let posts: String = (0..9)
        .map(|n| {
            format!(
                "<article class=live-post><time>1{n}:30</time><h3>Entry {n} from the pier</h3><p>The board has been sitting for {n} hours now, and a plate \
                 of bread was carried in a minute ago by somebody who would not be named.</p></article>"
            )
        })
        .collect();
    let makes = [
        format!("<h1>Ferry talks: live</h1><div class=live-blog>{posts}</div>"),
        format!(
            "<script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\"@type\":\"LiveBlogPosting\",\"headline\":\"Ferry talks: live\"}}</script><h1>Ferry talks: live</h1><section>{posts}</section>"
        ),
        format!("<h1>Fährgespräche im Liveticker</h1><div class=liveticker>{posts}</div>"),
    ];
    for make in makes {
        let got = read(&site("Ferry talks: live", &make));
        assert_eq!(got.kind, PageKind::Article);
        assert!(got.flags.iter().any(|flag| flag == "live_blog"), "{:?}", got.flags);
        assert!(got.text.contains("sitting for 0 hours") && got.text.contains("sitting for 8 hours"), "{}", got.text);
    }
}

/// Three whole articles on a page, one after another: the one that is meant is the one that the page's address, its claims or the
/// article's own address say.
#[test]
fn of_three_articles_the_one_that_is_meant_is_read() {
    let articles = [
        ("ferry", "Ferry to run again", 1),
        ("valve", "The valve that stopped a town", 20),
        ("dock", "Roof for the dock at last", 40),
    ];
    let body = |wrap: &dyn Fn(&str, &str, String) -> String| -> String {
        articles.iter().map(|(slug, title, from)| wrap(slug, title, story(*from, from + 6))).collect()
    };
    let plain = body(&|_, title, text| format!("<article><h1>{title}</h1>{text}</article>"));
    let linked = body(&|slug, title, text| {
        format!("<article id={slug}><h2><a href=/2031/{slug}>{title}</a></h2>{text}</article>")
    });
    let boxed = body(&|slug, title, text| {
        format!("<div class=story data-url=/2031/{slug}><h1>{title}</h1><div class=article-body>{text}</div></div>")
    });
    let claims = [
        ("og:title", "<meta property=og:title content='The valve that stopped a town'>".to_owned()),
        ("title", "<title>The valve that stopped a town | Harbour Post</title>".to_owned()),
        ("JSON-LD", r#"<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"The valve that stopped a town","url":"https://harbour.example/2031/valve"}</script>"#.to_owned()),
        ("the feed", "<title>Harbour Post</title>".to_owned()),
    ];
    let mut faults = Vec::new();
    for (make, body) in [("plain", &plain), ("linked", &linked), ("boxed", &boxed)] {
        for (claim, head) in &claims {
            let html = format!(
                "<!doctype html><html><head>{head}</head><body><nav><a href=/>Home</a></nav><main>{body}</main></body></html>"
            );
            let url = "https://harbour.example/2031/valve".to_owned();
            let title = (*claim == "the feed").then(|| "The valve that stopped a town".to_owned());
            let hints = Hints { requested_url: url.clone(), final_url: url, title, ..Hints::default() };
            let got = article::read(html.as_bytes(), None, &hints, &Default::default()).expect("an article").article;
            let (own, before, after) =
                (got.text.contains("On day 22"), got.text.contains("On day 2 "), got.text.contains("On day 42"));
            if !own || before || after || got.title != "The valve that stopped a town" {
                faults.push(format!("{make} by {claim}: {:?} own {own} before {before} after {after}", got.title));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
