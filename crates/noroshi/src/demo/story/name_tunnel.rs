//! A database that leaves through the name server, question by question.

use base::ObservableKind::Domain;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "dns_tunnel",
    name: ["DNSトンネリングによる情報の持ち出し", "Data that leaves through DNS"],
    summary: [
        "夜、統計情報庁の端末1台が、長い文字列を名前に詰めた問合せを一つのドメインへ数百回送る。\
         プロキシには何も残らず、名前解決の記録だけが持ち出しを物語る。",
        "At night one desk of the Statistics and Information Agency asks hundreds of questions whose names are packed with \
         data, all below one domain. The proxy saw nothing; only the name server's log tells of it.",
    ],
    starts: Moment::at(21, 10),
    organisations: &["tokei"],
    rules: &["dns_packed_name", "dns_text_record_of_packed_name"],
    observables: &[(Domain, "datasync-node.example")],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("tokei");
    let client = site.place.client(12);
    let base32 = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut at = Moment::at(21, 10);
    for number in 0..720 {
        let (first, second) = (site.dice.letters(base32, 58), site.dice.letters(base32, 40));
        let name = format!("{first}.{second}.{number:04x}.t.datasync-node.example");
        let answer = site.dice.letters(base32, 24);
        site.resolve(at, client.address, &name, "TXT", &answer);
        at = at.plus(4.0 + site.dice.unit() * 16.0);
    }
}
