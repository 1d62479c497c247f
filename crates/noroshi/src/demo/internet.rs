//! The part of the internet that means no harm: sites people visit and domains people write to. All invented.

use std::net::Ipv4Addr;

/// A site that people visit in the course of a day.
pub(super) struct Destination {
    pub(super) host: &'static str,
    pub(super) paths: &'static [&'static str],
    /// What a proxy appliance says it is about.
    pub(super) category: &'static str,
    /// Still plain HTTP.
    pub(super) plain: bool,
}

const fn site(host: &'static str, category: &'static str, paths: &'static [&'static str]) -> Destination {
    Destination { host, paths, category, plain: false }
}

const fn plain(host: &'static str, category: &'static str, paths: &'static [&'static str]) -> Destination {
    Destination { host, paths, category, plain: true }
}

const NEWS: &[&str] = &["/", "/politics/", "/economy/20260401-0001.html", "/css/main.css", "/img/top.jpg"];
const OFFICE: &[&str] = &["/api/v2/sync", "/config/v2/office", "/telemetry/batch", "/drive/root/children"];
const STATIC: &[&str] = &["/jquery/3.7.1/jquery.min.js", "/fonts/noto-sans-jp.woff2", "/lib/chart.min.js"];
const SHOP: &[&str] = &["/", "/search", "/item/48120", "/cart"];
const UPDATE: &[&str] = &["/v6/windows/catalog.cab", "/definitions/delta.bin", "/check"];

/// Most visited first.
pub(super) static DESTINATIONS: [Destination; 36] = [
    site("office.kumo-office.example", "Business", OFFICE),
    site("search.sagasu.example", "Search Engines", &["/", "/search", "/suggest", "/images"]),
    site("login.kumo-office.example", "Business", &["/common/oauth2/token", "/common/GetCredentialType"]),
    site("cdn.kumo-static.example", "Content Servers", STATIC),
    site("www.hokuto-shimbun.example", "News", NEWS),
    site("mail.kumo-office.example", "Business", &["/owa/", "/mapi/emsmdb", "/ews/exchange.asmx"]),
    site("meet.kaigi-room.example", "Conferencing", &["/join", "/api/rooms", "/signal"]),
    site("maps.chizu-net.example", "Reference", &["/tile/14/14552/6451.png", "/route", "/"]),
    site("www.horei-database.example", "Government", &["/law/322AC0000000049", "/search", "/"]),
    plain("update.madosoft.example", "Computers", UPDATE),
    site("definitions.mamori-antivirus.example", "Computers", UPDATE),
    site("portal.kyotsu.go.example", "Government", &["/", "/notice/list", "/sso/login"]),
    site("www.toyo-keizai-times.example", "News", NEWS),
    site("api.tenki-yoho.example", "Weather", &["/v1/forecast/130000.json", "/v1/overview"]),
    site("www.norikae-guide.example", "Travel", &["/search", "/station/tokyo", "/"]),
    site("static.sagasu.example", "Content Servers", STATIC),
    site("gijiroku.kokkai.example", "Government", &["/minutes/221", "/search", "/"]),
    site("dictionary.kotoba.example", "Reference", &["/word/防護", "/", "/search"]),
    site("tag.kokoku-net.example", "Web Ads", &["/pixel.gif", "/imp", "/rtb"]),
    site("www.minami-shinbun.example", "News", NEWS),
    site("files.okurimono-bin.example", "File Storage", &["/d/8fJk2a", "/upload", "/"]),
    site("www.shiraberu-wiki.example", "Reference", &["/wiki/情報", "/wiki/Special:Search", "/"]),
    plain("ntp-status.jikan.example", "Computers", &["/status", "/"]),
    site("www.bunbogu-shop.example", "Shopping", SHOP),
    site("time.kintai-cloud.example", "Business", &["/punch", "/api/me", "/"]),
    site("video.gakushu.example", "Education", &["/course/12/seg-003.ts", "/api/progress", "/"]),
    site("update.maruyama-soft.example", "Computers", &["/updater/manifest.json", "/updater/core-4.2.1.cab"]),
    plain("crl.ninsho-kyoku.example", "Computers", &["/root-g3.crl", "/sub-ca2.crl"]),
    plain("ocsp.ninsho-kyoku.example", "Computers", &["/MFEwTzBNMEswSTAJBgUrDgMCGgUABBT", "/"]),
    site("www.ryoko-yoyaku.example", "Travel", SHOP),
    site("weblog.gyosei-note.example", "Blogs", &["/entry/2026/11", "/", "/feed"]),
    site("api.honyaku.example", "Reference", &["/v2/translate", "/v2/usage"]),
    site("www.bento-haitatsu.example", "Shopping", SHOP),
    site("git.kaihatsu-kyoyu.example", "Computers", &["/org/repo.git/info/refs", "/org/repo/issues", "/"]),
    site("forum.gijutsu-shitsumon.example", "Forums", &["/q/118204", "/tags", "/"]),
    site("www.kenko-hoken-kumiai.example", "Health", &["/", "/shinsei", "/faq"]),
];

/// Domains that people write to and hear from.
pub(super) const CORRESPONDENTS: [&str; 14] = [
    "hokuto-shimbun.example",
    "kita.pref.example",
    "minami.pref.example",
    "higashi-city.example",
    "daigaku.ac.example",
    "shokokai.or.example",
    "kaihatsu-kigyo.co.example",
    "maruyama-soft.example",
    "chosa-kenkyu.or.example",
    "kokusai-kyoryoku.test",
    "embassy.test",
    "yusei-soko.co.example",
    "iryo-hojin.or.example",
    "magazine.gyosei.example",
];

/// Where an invented name lives: always the same address of the benchmark range.
pub(super) fn address_of(host: &str) -> Ipv4Addr {
    // FNV-1a: any spread will do, as long as it never changes.
    let hash =
        host.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    Ipv4Addr::new(198, 19, ((hash >> 8) % 120) as u8, 1 + (hash % 250) as u8)
}
