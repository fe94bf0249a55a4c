//! Generates the peer protocol from `proto/*.proto`, without a protoc on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "proto/raft.proto",
        "proto/forward.proto",
        "proto/admin.proto",
        "proto/limits.proto",
        "proto/join.proto",
        "proto/operate.proto",
        "proto/backup.proto",
    ];
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["proto"])?;
    // Bytes fields are refcounted slices of the received message, and maps are ordered so that equal messages have
    // equal bytes.
    tonic_prost_build::configure().bytes(".").btree_map(".").compile_fds(descriptors)?;
    Ok(())
}
