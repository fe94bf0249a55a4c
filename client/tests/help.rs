//! The help texts are part of what is promised: a change of one is seen here. `UPDATE_EXPECT=1` writes them anew.

mod support;

use expect_test::expect_file;
use support::ctl::Shell;

#[tokio::test]
async fn the_help_texts_are_what_they_were() {
    let shell = Shell::new("http://127.0.0.1:1");
    let help = async |line: &str| {
        let output = shell.command(line).env_remove("LIVEDROPCTL_ENDPOINTS").output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    expect_file!["help/livedropctl.txt"].assert_eq(&help("--help").await);
    expect_file!["help/buy.txt"].assert_eq(&help("buy --help").await);
    expect_file!["help/drop-create.txt"].assert_eq(&help("drop create --help").await);
    expect_file!["help/bench-purchase.txt"].assert_eq(&help("bench purchase --help").await);
}
