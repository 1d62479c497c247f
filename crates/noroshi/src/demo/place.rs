//! An organisation's people, machines and addresses.

use std::net::Ipv4Addr;

use super::dice::Dice;
use super::member::Member;

/// Somebody who works there.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// The account: `sato.ken`.
    pub(super) user: String,
    /// The name as mail shows it.
    pub(super) name: String,
}

/// A desk: a person, a machine, an address.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) address: Ipv4Addr,
    /// `NAIBU-PC0123`
    pub(super) host: String,
    pub(super) person: Person,
    /// The browser's User-Agent.
    pub(super) agent: &'static str,
}

/// Everything about one organisation that its log lines need.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) member: &'static Member,
    /// Its row in the table; its networks are made from it.
    pub(super) number: u8,
    /// `naibu.go.example`
    pub(super) domain: String,
    /// `NAIBU`
    pub(super) netbios: String,
    pub(super) clients: Vec<Client>,
}

const SURNAMES: [(&str, &str); 40] = [
    ("佐原", "sahara"),
    ("鈴本", "suzumoto"),
    ("高梨", "takanashi"),
    ("田村", "tamura"),
    ("渡会", "watarai"),
    ("伊沢", "izawa"),
    ("山路", "yamaji"),
    ("中里", "nakazato"),
    ("小湊", "kominato"),
    ("加賀見", "kagami"),
    ("吉永", "yoshinaga"),
    ("山吹", "yamabuki"),
    ("佐々原", "sasahara"),
    ("松風", "matsukaze"),
    ("井波", "inami"),
    ("木暮", "kogure"),
    ("早瀬", "hayase"),
    ("清原", "kiyohara"),
    ("森岡", "morioka"),
    ("橋爪", "hashizume"),
    ("石動", "isurugi"),
    ("前沢", "maezawa"),
    ("藤枝", "fujieda"),
    ("岡部", "okabe"),
    ("長峰", "nagamine"),
    ("村雨", "murasame"),
    ("近江", "omi"),
    ("坂上", "sakaue"),
    ("遠山", "toyama"),
    ("青柳", "aoyagi"),
    ("西園", "nishizono"),
    ("福永", "fukunaga"),
    ("三雲", "mikumo"),
    ("岩城", "iwaki"),
    ("上林", "kanbayashi"),
    ("原口", "haraguchi"),
    ("千種", "chigusa"),
    ("野々村", "nonomura"),
    ("柴崎", "shibasaki"),
    ("桐生", "kiryu"),
];
const GIVEN: [(&str, &str); 30] = [
    ("健", "ken"),
    ("薫", "kaoru"),
    ("美咲", "misaki"),
    ("大輔", "daisuke"),
    ("由紀", "yuki"),
    ("翔", "sho"),
    ("陽子", "yoko"),
    ("直樹", "naoki"),
    ("恵", "megumi"),
    ("拓也", "takuya"),
    ("真一", "shinichi"),
    ("香織", "kaori"),
    ("誠", "makoto"),
    ("千夏", "chinatsu"),
    ("剛", "tsuyoshi"),
    ("彩", "aya"),
    ("浩", "hiroshi"),
    ("茜", "akane"),
    ("亮", "ryo"),
    ("瞳", "hitomi"),
    ("学", "manabu"),
    ("桜", "sakura"),
    ("修", "osamu"),
    ("涼子", "ryoko"),
    ("隆", "takashi"),
    ("文", "aya"),
    ("徹", "toru"),
    ("泉", "izumi"),
    ("聡", "satoshi"),
    ("梓", "azusa"),
];
pub(super) const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
];

impl Place {
    /// The organisation in row `number` of the table, with the people a seed gives it.
    pub(super) fn new(member: &'static Member, number: u8, seed: u64) -> Self {
        let netbios = member.key.to_uppercase();
        let mut dice = Dice::new(seed, 10_000 + u64::from(number));
        let desks = (60.0 + 120.0 * member.size) as u16;
        let clients = (0..desks).map(|desk| client(&netbios, number, desk, &mut dice)).collect();
        Self { member, number, domain: format!("{}.go.example", member.key), netbios, clients }
    }

    /// A machine in the demilitarised zone, reachable from the internet.
    pub(super) fn public(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, self.number, last)
    }

    /// A machine in the server network.
    pub(super) fn server(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, self.number, 1, last)
    }

    pub(super) fn web(&self) -> Ipv4Addr {
        self.public(10)
    }

    pub(super) fn mail(&self) -> Ipv4Addr {
        self.public(25)
    }

    /// What the proxy's requests look like from outside.
    pub(super) fn egress(&self) -> Ipv4Addr {
        self.public(80)
    }

    pub(super) fn resolver(&self) -> Ipv4Addr {
        self.server(53)
    }

    /// The domain controller.
    pub(super) fn controller(&self) -> Ipv4Addr {
        self.server(10)
    }

    /// `www.naibu.go.example`
    pub(super) fn web_name(&self) -> String {
        format!("www.{}", self.domain)
    }

    /// `dc01.naibu.go.example`: a Windows host's full name, in the domain of its directory.
    pub(super) fn full(&self, host: &str) -> String {
        format!("{host}.ad.{}", self.domain)
    }

    /// A desk by number; the numbers wrap around.
    pub(super) fn client(&self, number: usize) -> &Client {
        &self.clients[number % self.clients.len()]
    }
}

fn client(netbios: &str, number: u8, desk: u16, dice: &mut Dice) -> Client {
    let (surname_ja, surname) = *dice.pick(&SURNAMES);
    let (given_ja, given) = *dice.pick(&GIVEN);
    Client {
        address: Ipv4Addr::new(10, number, 10 + (desk / 200) as u8, 20 + (desk % 200) as u8),
        host: format!("{netbios}-PC{desk:04}"),
        // The desk's number keeps two people of one name apart, as directories do.
        person: Person { user: format!("{surname}.{given}{desk}"), name: format!("{surname_ja} {given_ja}") },
        agent: AGENTS[usize::from(desk % 3)],
    }
}
