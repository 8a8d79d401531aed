//! What pages say that stand in an article's place: lists of phrases in small letters with plain apostrophes, and how a page's
//! title and headings are held against them. A phrase that an article's headline might hold counts only as a whole.

/// A page that asks whether the reader is a machine: the whole of its title, or of the part before the site's name.
pub(crate) const CHALLENGE_TITLES: &[&str] = &[
    "just a moment",
    "attention required",
    "access denied",
    "are you a robot",
    "403 forbidden",
    "forbidden",
    "error 403",
    "403 error",
    "request blocked",
    "blocked",
    "429 too many requests",
    "too many requests",
    "security check",
    "security verification",
    "bot verification",
    "pardon our interruption",
    "human verification",
    "ddos-guard",
    "please wait",
    "one moment please",
    "checking your browser",
    "robot or human",
    "安全验证",
    "人机验证",
];

/// The same, somewhere in the text.
pub(crate) const CHALLENGE: &[&str] = &[
    "enable javascript and cookies to continue",
    "supports javascript and cookies",
    "checking your browser",
    "verify you are human",
    "verify you are a human",
    "verify that you are human",
    "confirm you are human",
    "are you a robot",
    "you are not a robot",
    "you're not a robot",
    "complete the security check",
    "needs to review the security of your connection",
    "pardon our interruption",
    "think you were a bot",
    "you have been blocked",
    "request blocked",
    "access to this page has been denied",
    "you don't have permission to access",
    "security service to protect itself",
    "ddos protection by",
    "unusual traffic from your",
    "unusual activity from your",
    "press & hold to confirm",
    "sent too many requests",
    "bot verification",
    "sind sie ein mensch",
    "kein roboter sind",
    "pas un robot",
    "no es un robot",
    "no eres un robot",
    "no soy un robot",
    "não é um robô",
    "non sei un robot",
    "geen robot bent",
    "nie jesteś robotem",
    "вы не робот",
    "что вы человек",
    "robot olmadığınızı",
    "لست روبوت",
    "不是机器人",
    "不是機器人",
    "ロボットではない",
    "로봇이 아닙니다",
    "로봇이 아님",
];

/// A page that asks for consent before it shows anything.
pub(crate) const CONSENT: &[&str] = &[
    "before you continue",
    "we value your privacy",
    "your privacy choices",
    "your privacy is important",
    "we care about your privacy",
    "accept all cookies",
    "we and our partners",
    "we and our",
    "ihre privatsphäre",
    "wir und unsere partner",
    "wir und unsere",
    "mit werbung weiterlesen",
    "mit werbung nutzen",
    "zustimmen und weiter",
    "votre vie privée",
    "nos partenaires et nous",
    "nous et nos partenaires",
    "continuer sans accepter",
    "valoramos tu privacidad",
    "tu privacidad es importante",
    "nosotros y nuestros socios",
    "la tua privacy",
    "noi e i nostri partner",
    "uw privacy",
    "je privacy",
    "wij en onze partners",
    "twoją prywatność",
    "my i nasi partnerzy",
    "a sua privacidade",
    "sua privacidade",
    "nós e os nossos parceiros",
    "nós e nossos parceiros",
];

/// Pieces of the words that such a page is made of; a paragraph of it holds at least two.
pub(crate) const CONSENT_WORDS: &[&str] = &[
    "cookie",
    "partner",
    "partenaires",
    "socios",
    "parceiros",
    "privacy",
    "privat",
    "prywatn",
    "privacid",
    "vie privée",
    "datenschutz",
    "daten",
    " data",
    "données",
    "datos",
    "dati ",
    "dados",
    "gegevens",
    "dane ",
    "danych",
    "personal",
    "personen",
    "personn",
    "device",
    "gerät",
    "appareil",
    "dispositiv",
    "apparaat",
    "urządzen",
    "consent",
    "zustimm",
    "accept",
    "accord",
    "consenso",
    "zgod",
    "advertis",
    "werbung",
    "publicit",
    "tracking",
    "einstellung",
    "préférence",
    "preferenc",
    "choice",
    "auswahl",
    "informa",
    "track ",
    "spam",
];

/// A page that is not there: the whole of its title, or of the part before the site's name.
pub(crate) const NOT_FOUND_TITLES: &[&str] = &[
    "404",
    "not found",
    "404 not found",
    "error 404",
    "404 error",
    "erreur 404",
    "error 404 not found",
    "fehler 404",
    "404 page",
];

/// The same, in a short title or one of the first headings.
pub(crate) const NOT_FOUND: &[&str] = &[
    "page not found",
    "page cannot be found",
    "page can't be found",
    "page could not be found",
    "page couldn't be found",
    "page was not found",
    "page isn't available",
    "page is not available",
    "page you requested",
    "page you are looking for",
    "page you're looking for",
    "can't find that page",
    "can't find the page",
    "cannot find the page",
    "couldn't find that page",
    "page doesn't exist",
    "page does not exist",
    "page no longer exists",
    "article not found",
    "article is no longer available",
    "story is no longer available",
    "page is no longer available",
    "content is no longer available",
    "story not found",
    "content not found",
    "seite nicht gefunden",
    "seite wurde nicht gefunden",
    "seite konnte nicht gefunden",
    "seite existiert nicht",
    "seite ist nicht verfügbar",
    "artikel nicht gefunden",
    "artikel ist nicht mehr verfügbar",
    "page introuvable",
    "page non trouvée",
    "page n'existe pas",
    "page demandée",
    "article introuvable",
    "página no encontrada",
    "página que busca",
    "página no existe",
    "no encontramos la página",
    "página não encontrada",
    "página que você procura",
    "página não existe",
    "pagina non trovata",
    "pagina che cerchi",
    "pagina non esiste",
    "pagina niet gevonden",
    "pagina bestaat niet",
    "nie znaleziono strony",
    "strona nie istnieje",
    "strony nie znaleziono",
    "nie ma takiej strony",
    "страница не найдена",
    "страница не существует",
    "страницы не существует",
    "такой страницы нет",
    "sayfa bulunamadı",
    "aradığınız sayfa",
    "الصفحة غير موجودة",
    "الصفحة غير متاحة",
    "لم يتم العثور على الصفحة",
    "页面不存在",
    "页面未找到",
    "找不到页面",
    "找不到網頁",
    "找不到頁面",
    "頁面不存在",
    "ページが見つかりません",
    "ページは見つかりません",
    "ページは存在しません",
    "お探しのページ",
    "페이지를 찾을 수 없습니다",
    "존재하지 않는 페이지",
];

/// A form for a login, in a title or heading of a few words beside a password field.
pub(crate) const LOGIN: &[&str] = &[
    "log in",
    "login",
    "log-in",
    "sign in",
    "signin",
    "anmelden",
    "anmeldung",
    "einloggen",
    "melden sie sich an",
    "connexion",
    "connecter",
    "connectez-vous",
    "s'identifier",
    "iniciar sesión",
    "inicia sesión",
    "acceder",
    "entrar",
    "accedi",
    "accesso",
    "inloggen",
    "aanmelden",
    "zaloguj",
    "logowanie",
    "вход",
    "войти",
    "авторизация",
    "giriş yap",
    "üye girişi",
    "تسجيل الدخول",
    "登录",
    "登入",
    "ログイン",
    "로그인",
];

/// Small letters, plain apostrophes, single spaces.
pub(crate) fn folded(text: &str) -> String {
    let text = text.to_lowercase().replace(['’', '‘'], "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts of a page's title, without what stands around their letters and digits.
pub(crate) fn parts(title: &str) -> Vec<String> {
    let between = [" | ", " - ", " – ", " — ", " · ", " » ", " « ", "｜", " : ", "_"];
    let mut parts = vec![folded(title)];
    for between in between {
        parts = parts.iter().flat_map(|part| part.split(between)).map(str::to_owned).collect();
    }
    parts
        .iter()
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
        .filter(|p| !p.is_empty())
        .collect()
}

/// Whether a text holds one of the phrases.
pub(crate) fn says(text: &str, list: &[&str]) -> bool {
    list.iter().any(|phrase| text.contains(phrase))
}

/// Whether one of the lines holds one of the phrases and has at most so many words.
pub(crate) fn short_says(lines: &[String], list: &[&str], words: usize) -> bool {
    lines.iter().any(|line| line.split(' ').count() <= words && says(line, list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_title_are_told_apart() {
        assert_eq!(parts("Attention Required! | Shield"), ["attention required", "shield"]);
        assert_eq!(parts("Just a moment..."), ["just a moment"]);
        assert_eq!(parts("Highway 404 closed - Mill"), ["highway 404 closed", "mill"]);
        assert!(!parts("Highway 404 closed - Mill").iter().any(|part| NOT_FOUND_TITLES.contains(&part.as_str())));
        assert!(parts("404 | Mill").iter().any(|part| NOT_FOUND_TITLES.contains(&part.as_str())));
    }

    #[test]
    fn phrases_are_written_as_pages_are_read() {
        for list in [CHALLENGE_TITLES, CHALLENGE, CONSENT, NOT_FOUND_TITLES, NOT_FOUND, LOGIN] {
            for phrase in list {
                assert_eq!(folded(phrase), *phrase);
            }
        }
    }
}
