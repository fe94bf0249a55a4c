//! Runs and uses a Live Drops cluster from the command line.

fn main() -> std::process::ExitCode {
    livedrop_client::ctl::main()
}
