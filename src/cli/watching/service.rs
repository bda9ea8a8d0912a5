//! Units that start the watching with the system: systemd and launchd.

use std::ffi::OsString;

use clean_backup::model::path_text::one_line;

use crate::cli::args::ServiceManager;

/// The unit that runs this command line.
pub fn unit(manager: ServiceManager, words: &[OsString]) -> String {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into()).collect();
    match manager {
        ServiceManager::Systemd => systemd(&words),
        ServiceManager::Launchd => launchd(&words),
    }
}

/// systemd.service(5). SIGTERM ends it with 0, after what it is at.
fn systemd(words: &[String]) -> String {
    let line: Vec<String> = words.iter().map(|word| for_systemd(word)).collect();
    format!(
        "# ~/.config/systemd/user/clean-backup-watch.service, then:\n\
         #   systemctl --user enable --now clean-backup-watch\n\
         [Unit]\n\
         Description=Clean-Backup: file what arrives\n\
         \n\
         [Service]\n\
         ExecStart={}\n\
         Restart=on-failure\n\
         RestartSec=30\n\
         Nice=10\n\
         IOSchedulingClass=idle\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        line.join(" ")
    )
}

/// A word in double quotes; `%` and `$` mean something to systemd, and control characters end lines.
fn for_systemd(word: &str) -> String {
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' | '$' => out.extend([c, c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// launchd.plist(5).
fn launchd(words: &[String]) -> String {
    let strings: String =
        words.iter().map(|word| format!("    <string>{}</string>\n", for_xml(word))).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- ~/Library/LaunchAgents/clean-backup-watch.plist, then:\n\
         launchctl bootstrap gui/$UID ~/Library/LaunchAgents/clean-backup-watch.plist -->\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \x20 <key>Label</key>\n  <string>clean-backup-watch</string>\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{strings}  </array>\n\
         \x20 <key>RunAtLoad</key>\n  <true/>\n\
         \x20 <key>KeepAlive</key>\n  <dict>\n    <key>SuccessfulExit</key>\n    <false/>\n  </dict>\n\
         \x20 <key>ProcessType</key>\n  <string>Background</string>\n\
         </dict>\n</plist>\n"
    )
}

fn for_xml(word: &str) -> String {
    one_line(word).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let words =
            ["/opt/clean backup", "watch", "--template", "{year}/100 %", "a\"b\\c", "<&$x\n"];
        let words = words.map(OsString::from);
        let service = unit(ServiceManager::Systemd, &words);
        let line = r#"ExecStart="/opt/clean backup" "watch" "--template" "{year}/100 %%" "a\"b\\c" "<&$$x\x0a""#;
        assert!(service.contains(&format!("\n{line}\n")), "{service}");
        let plist = unit(ServiceManager::Launchd, &words);
        assert!(
            plist.contains("    <string>a\"b\\c</string>\n    <string>&lt;&amp;$x\\n</string>\n"),
            "{plist}"
        );
        assert_eq!(plist.matches("<string>").count(), plist.matches("</string>").count());
    }
}
