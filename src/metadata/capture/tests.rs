use super::*;
use crate::model::readable::iso_time;

fn name(name: &str) -> String {
    match from_name(name) {
        None => "-".into(),
        Some(Moment::Local(time)) => iso_time(time),
        Some(Moment::Utc(seconds)) => {
            let time =
                CaptureTime { local_seconds: seconds, subsecond_ns: None, offset_minutes: None };
            iso_time(time) + "Z"
        }
    }
}

#[test]
fn names_of_cameras_phones_and_messengers() {
    for (file, date) in [
        // Android, Samsung, Pixel, Motorola, Xiaomi.
        ("IMG_20190203_123456.jpg", "2019-02-03T12:34:56"),
        ("VID_20190203_123456.mp4", "2019-02-03T12:34:56"),
        ("IMG_20190203_123456789_HDR.jpg", "2019-02-03T12:34:56.789"),
        ("20190203_123456.jpg", "2019-02-03T12:34:56"),
        ("20190203_123456(0).jpg", "2019-02-03T12:34:56"),
        ("MVIMG_20190203_123456.jpg", "2019-02-03T12:34:56"),
        ("00100lrPORTRAIT_00100_BURST20190203123456789_COVER.jpg", "2019-02-03T12:34:56.789"),
        ("PXL_20230101_233000123.jpg", "2023-01-01T23:30:00Z"),
        ("PXL_20230101_233000123.MP.jpg", "2023-01-01T23:30:00Z"),
        // WhatsApp, Signal, Telegram, Facebook, Viber.
        ("IMG-20190203-WA0001.jpg", "2019-02-03T00:00:00"),
        ("VID-20190203-WA0001.mp4", "2019-02-03T00:00:00"),
        ("WhatsApp Image 2019-02-03 at 12.34.56.jpeg", "2019-02-03T12:34:56"),
        ("WhatsApp Image 2019-02-03 at 3.04.05 PM (1).jpeg", "2019-02-03T15:04:05"),
        ("signal-2019-02-03-123456.jpg", "2019-02-03T12:34:56"),
        ("signal-2019-02-03-12-34-56-123.jpg", "2019-02-03T12:34:56"),
        ("photo_2019-02-03_12-34-56.jpg", "2019-02-03T12:34:56"),
        ("photo_2@03-02-2019_12-34-56.jpg", "-"),
        ("FB_IMG_1549197296123.jpg", "2019-02-03T12:34:56Z"),
        ("video-2019-02-03-12-34-56.mp4", "2019-02-03T12:34:56"),
        // Screenshots.
        ("Screenshot_20190203-123456.png", "2019-02-03T12:34:56"),
        ("Screenshot_20190203-123456_Chrome.jpg", "2019-02-03T12:34:56"),
        ("Screenshot_2019-02-03-12-34-56.png", "2019-02-03T12:34:56"),
        ("Screenshot_2019-02-03-12-34-56-789_com.app.png", "2019-02-03T12:34:56"),
        ("Screen Shot 2019-02-03 at 12.34.56 AM.png", "2019-02-03T00:34:56"),
        ("Screenshot 2019-02-03 at 1.34.56\u{202f}PM.png", "2019-02-03T13:34:56"),
        ("Bildschirmfoto 2019-02-03 um 12.34.56.png", "2019-02-03T12:34:56"),
        ("Screenshot 2023-05-01 123456.png", "2023-05-01T12:34:56"),
        ("Screenshot (12).png", "-"),
        // Dropbox, DJI, and people.
        ("2019-02-03 12.34.56.jpg", "2019-02-03T12:34:56"),
        ("2019-02-03 12.34.56-1.jpg", "2019-02-03T12:34:56"),
        ("DJI_20230203123456_0001_D.JPG", "2023-02-03T12:34:56"),
        ("2019-02-03.jpg", "2019-02-03T00:00:00"),
        ("2019_02_03 Oma.jpg", "2019-02-03T00:00:00"),
        ("IMG_20190203.jpg", "2019-02-03T00:00:00"),
        ("2019-02-03T12:34:56.jpg", "2019-02-03T12:34:56"),
        // Serial numbers, sizes, ids.
        ("IMG_1234.JPG", "-"),
        ("DSC_0001.NEF", "-"),
        ("GX010123.MP4", "-"),
        ("GOPR0001.JPG", "-"),
        ("DJI_0001.JPG", "-"),
        ("P1010001.JPG", "-"),
        ("20190203.jpg", "-"),
        ("DSC20190203.jpg", "-"),
        ("invoice 20190203 and 7.jpg", "-"),
        ("1549197296123.jpg", "-"),
        ("received_20190203123456789.jpeg", "2019-02-03T12:34:56.789"),
        ("scan 1920-1080.png", "-"),
        ("1234567820190203_1.jpg", "-"),
        ("20191303_123456.jpg", "-"),
        ("20190230_123456.jpg", "-"),
        ("20190203_256161.jpg", "-"),
        ("18990203_123456.jpg", "-"),
        ("", "-"),
    ] {
        assert_eq!(name(file), date, "{file}");
    }
}

const NOW: i64 = 1_700_000_000;

fn local(source: DateSource, seconds: i64, offset: Option<i16>) -> DateCandidate {
    let time = CaptureTime { local_seconds: seconds, subsecond_ns: None, offset_minutes: offset };
    DateCandidate::local(source, "", Some(time))
}

fn judge<'a>(zone: &'a Zone<'a>) -> Judge<'a> {
    Judge { now: NOW, zone, file_system: true }
}

#[test]
fn the_first_that_stands_wins() {
    let noon = 1_549_195_200;
    let berlin = |_: i64| 60;
    let decide = |candidates| decide(candidates, judge(&berlin));
    let chosen = |candidates| decide(candidates).time().map(|(t, s)| (t.local_seconds, s));
    assert_eq!(chosen(vec![]), None);
    assert_eq!(
        chosen(vec![
            local(DateSource::FileSystem, noon + 1, None),
            DateCandidate::local(DateSource::ExifOriginal, "0000:00:00 00:00:00", None),
            local(DateSource::ExifDigitized, 0, None),
            local(DateSource::Xmp, NOW + 100_000, None),
            local(DateSource::SidecarXmp, noon, None),
            local(DateSource::FileName, noon + 5, None),
        ]),
        Some((noon, DateSource::SidecarXmp))
    );
    let refused = decide(vec![
        DateCandidate::local(DateSource::ExifOriginal, "?", None),
        local(DateSource::Xmp, -2_082_844_800, None),
        local(DateSource::Avi, 946_684_800, None),
        local(DateSource::Takeout, NOW + 90_000, None),
        local(DateSource::FileName, -10_000_000_000, None),
    ]);
    let why: Vec<_> = refused.judged.iter().map(|judged| judged.time.unwrap_err()).collect();
    assert_eq!(
        why,
        [
            "no date",
            "the zero of a clock: 1904-01-01",
            "what a camera shows whose clock is not set",
            "in the future",
            "before there was photography"
        ]
    );
    assert_eq!((refused.chosen, refused.time()), (None, None));
}

#[test]
fn utc_is_shown_where_it_was_taken() {
    // 2019-01-31 22:30 UTC is the 31st in Berlin, the 1st in Tokyo.
    let utc = 1_548_973_800;
    let header = || DateCandidate::utc(DateSource::MovieHeader, "", Some(utc));
    let berlin = |_: i64| 60;
    let alone = decide(vec![header()], judge(&berlin)).time().unwrap();
    assert_eq!(iso_time(alone.0), "2019-01-31T23:30:00+01:00");
    // What its partner tells is better than the zone that was guessed.
    let partner = local(DateSource::Partner, utc + 9 * 3600, Some(540));
    let with_partner = decide(vec![partner, header()], judge(&berlin)).time().unwrap();
    assert_eq!(with_partner.1, DateSource::MovieHeader);
    assert_eq!(iso_time(with_partner.0), "2019-02-01T07:30:00+09:00");
}

#[test]
fn conflicts_are_told() {
    let noon = 1_549_195_200;
    let utc = |_: i64| 0;
    let decision = decide(
        vec![
            local(DateSource::ExifOriginal, noon, None),
            local(DateSource::Takeout, noon + 47 * 3600, None),
            local(DateSource::FileName, noon + 49 * 3600, None),
            local(DateSource::FileSystem, noon + 1_000_000, None),
        ],
        judge(&utc),
    );
    assert_eq!((decision.chosen, decision.conflicts), (Some(0), vec![2]));
    let never = Judge { file_system: false, ..judge(&utc) };
    let decision = decide(vec![local(DateSource::FileSystem, noon, None)], never);
    assert_eq!(decision.time(), None);
}
