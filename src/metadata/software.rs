//! Names of programs, as they stand in `Software`, `CreatorTool` and their like.

/// Programs that change pictures or write them anew, in lower case: their names anywhere in the
/// text.
const EDITORS: &[&str] = &[
    "acdsee",
    "adobe",
    "affinity",
    "aftershot",
    "airbrush",
    "aperture",
    "apple photos",
    "arcsoft",
    "ashampoo",
    "aurora hdr",
    "beautyplus",
    "befunky",
    "camera raw",
    "canva",
    "capture nx",
    "capture one",
    "corel",
    "darktable",
    "digikam",
    "digital photo professional",
    "dxo",
    "facetune",
    "faceapp",
    "faststone",
    "fotor",
    "gimp",
    "google photos",
    "graphicsmagick",
    "gthumb",
    "helicon",
    "hugin",
    "imagemagick",
    "imageready",
    "inkscape",
    "iphoto",
    "irfanview",
    "krita",
    "lightleap",
    "lightroom",
    "lightzone",
    "luminar",
    "meitu",
    "microsoft office",
    "microsoft windows photo",
    "movavi",
    "nik collection",
    "nx studio",
    "on1 ",
    "paint shop",
    "paint.net",
    "paintshop",
    "photo editor",
    "photodirector",
    "photofiltre",
    "photolemur",
    "photomatix",
    "photopea",
    "photoroom",
    "photoscape",
    "photoshop",
    "photostudio",
    "picasa",
    "picsart",
    "picture manager",
    "pixelmator",
    "pixlr",
    "polarr",
    "ptgui",
    "quicktime",
    "rawtherapee",
    "remini",
    "shotwell",
    "silkypix",
    "skylum",
    "snapseed",
    "topaz",
    "ufraw",
    "ulead",
    "viewnx",
    "vsco",
    "windows live photo",
    "windows photo",
    "xnview",
    "zoner",
];

/// Names that are an editor's only where the text begins with them and a number, or nothing,
/// follows: as words they stand in other texts too.
const EDITORS_BY_START: &[&str] = &["google", "mspaint", "paint", "photos", "preview", "remini"];

/// Messengers and sites, in lower case.
const MESSENGERS: &[&str] = &[
    "facebook",
    "imgur",
    "instagram",
    "messenger",
    "pinterest",
    "signal",
    "snapchat",
    "telegram",
    "tiktok",
    "twitter",
    "vkontakte",
    "wechat",
    "weixin",
    "whatsapp",
];

/// Whether a program of this name changes pictures. The firmware of cameras and phones does not:
/// `17.4.1`, `HDR+ 1.0.345618096zd`, `Ver.1.00`, `G991BXXU3AUE1`.
pub(super) fn is_editor(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    let begins = |editor: &str| {
        let rest = name.strip_prefix(editor);
        rest.is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    EDITORS.iter().any(|editor| name.contains(editor))
        || EDITORS_BY_START.iter().any(|editor| begins(editor))
}

/// Whether a text names a messenger or a site.
pub(super) fn is_messenger(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| MESSENGERS.contains(&word))
}

/// Whether a text says that the picture is one of a screen.
pub(super) fn is_screenshot(text: &str) -> bool {
    let text = text.to_lowercase();
    ["screenshot", "screen shot", "screen capture", "flameshot", "greenshot"]
        .iter()
        .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors() {
        for name in [
            "Adobe Photoshop CC 2019 (Windows)",
            "Adobe Photoshop Lightroom Classic 12.3 (Macintosh)",
            "Adobe Lightroom 9.2.1 (iOS)",
            "GIMP 2.10.34",
            "Snapseed 2.21",
            "Affinity Photo 1.10.5",
            "darktable 4.4.2",
            "RawTherapee 5.9",
            "Capture One 23 Macintosh",
            "Picasa",
            "Google",
            "ImageMagick 6.9.10-23 Q16 x86_64",
            "paint.net 5.0.7",
            "Paint.NET v3.5.11",
            "Pixelmator Pro 3.3.4",
            "Photos 3.0",
            "Microsoft Windows Photo Viewer 6.1.7600.16385",
            "Windows Photo Editor 10.0.10011.16384",
            "QuickTime 7.7.1",
            "Apple Photos",
            "ACDSee Ultimate 10",
            "Photopea",
            "ON1 Photo RAW 2023",
            "SILKYPIX(R) Developer Studio 3.0",
        ] {
            assert!(is_editor(name), "{name}");
        }
    }

    #[test]
    fn firmware_is_no_editor() {
        for name in [
            "",
            "17.4.1",
            "12.1",
            "HDR+ 1.0.345618096zd",
            "HDR+ 1.0.641377609zd",
            "Ver.1.00",
            "Ver.1.00 ",
            "Digital Camera FinePix E500 Ver1.00",
            "G991BXXU3AUE1",
            "Firmware Version 1.1.3",
            "K10D Ver 1.31",
            "MediaTek Camera Application",
            "QCOM-AA",
            "v759-1401",
            "COOLPIX P6000V1.0",
            "SLT-A77V v1.05",
            "bonito-user 11 RQ3A.210805.001.A1 7474174 release-keys",
            "Android Paintbrush Camera",
            "Photosmart C945",
            "Google Pixel 7",
        ] {
            assert!(!is_editor(name), "{name}");
        }
    }

    #[test]
    fn messengers_and_screenshots() {
        for name in ["Instagram", "WhatsApp", "sent by Telegram 10.2", "Facebook-Upload"] {
            assert!(is_messenger(name), "{name}");
        }
        for name in ["", "Signalling tower", "17.4.1", "telegraph"] {
            assert!(!is_messenger(name), "{name}");
        }
        assert!(is_screenshot("Screenshot") && is_screenshot("gnome-screenshot"));
        assert!(!is_screenshot("Screen door") && !is_screenshot(""));
    }
}
