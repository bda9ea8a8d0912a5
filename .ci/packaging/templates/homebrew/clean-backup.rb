class CleanBackup < Formula
  desc "Finds pictures that are the same picture, and never loses one"
  homepage "@RELEASES@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    on_arm do
      url "@RELEASES@/clean-backup-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256:aarch64-apple-darwin@"
    end
    on_intel do
      url "@RELEASES@/clean-backup-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256:x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_intel do
      url "@RELEASES@/clean-backup-@VERSION@-x86_64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256:x86_64-unknown-linux-gnu@"
    end
  end

  def install
    bin.install "clean-backup"
    man1.install "clean-backup.1"
    bash_completion.install "completions/clean-backup.bash" => "clean-backup"
    zsh_completion.install "completions/_clean-backup"
    fish_completion.install "completions/clean-backup.fish"
    doc.install "README.md", "CHANGELOG.md", "licences"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/clean-backup --version")
  end
end
