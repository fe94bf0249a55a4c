//! How RocksDB is set up, and why.

use rocksdb::{
    BlockBasedOptions, Cache, DBCompactionStyle, DBCompressionType, DBRecoveryMode, LogLevel, Options, ReadOptions,
    UniversalCompactOptions, WriteOptions,
};

use crate::options;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How much of a file of rows is written before the disk is told to begin with it. What is not on the disk yet is what
/// a sync of the log may have to wait for, since a file system writes both in one journal.
const SYNC_BYTES: u64 = 256 * KIB as u64;

/// The log: written once in order, read from memory or in long runs, removed from its old end.
pub(crate) fn log(options: &options::Options) -> Options {
    let mut db = common();
    // The default would open a log with a broken record in its middle as if it ended there: acknowledged entries
    // would be gone and the node would vote without them. Only a last record that was cut short is forgiven.
    db.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    db.set_track_and_verify_wals_in_manifest(true);
    // The meta rows change with every group, and a memory table that holds one of them keeps every older WAL file.
    db.set_max_total_wal_size(4 * options.log_buffer_bytes as u64);
    db
}

/// The column family of the entries. Files hold ascending indices and never overlap, so compaction only moves them.
pub(crate) fn log_entries(options: &options::Options) -> Options {
    let mut family = Options::default();
    family.set_write_buffer_size(options.log_buffer_bytes);
    family.set_compression_type(DBCompressionType::None);
    family.set_target_file_size_base(options.log_buffer_bytes as u64);
    // A slow flush must not make a commit wait.
    family.set_max_write_buffer_number(4);
    family.set_level_zero_slowdown_writes_trigger(40);
    family.set_level_zero_stop_writes_trigger(64);
    let mut table = BlockBasedOptions::default();
    // Reads of old entries are runs, and seldom: no filters, and only a small cache.
    table.set_block_size(64 * KIB);
    table.set_block_cache(&Cache::new_lru_cache(8 * MIB));
    table.set_format_version(5);
    family.set_block_based_table_factory(&table);
    family
}

/// The column family of the vote, the purge marker and the commit position: three rows.
pub(crate) fn log_meta() -> Options {
    let mut family = Options::default();
    family.set_write_buffer_size(MIB);
    family.set_compression_type(DBCompressionType::None);
    family
}

/// The state: files of rows that are taken in whole (state/flush.rs), so its own memory table stays empty.
pub(crate) fn state(options: &options::Options) -> Options {
    let mut db = common();
    db.set_write_buffer_size(MIB);
    // Files are merged with others of their size only. Levels would rewrite every row some ten times, and two cores
    // that sell have no time for that; what it costs is more files to ask, whose filters say no from memory.
    db.set_compaction_style(DBCompactionStyle::Universal);
    db.set_universal_compaction_options(&universal());
    db.set_level_zero_file_num_compaction_trigger(8);
    // Files that are rewritten soon are not worth the time; the rest takes less disk and less cache with LZ4.
    db.set_compression_per_level(&[
        DBCompressionType::None,
        DBCompressionType::None,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
    ]);
    compact_early(&mut db);
    let mut table = state_blocks();
    table.set_block_cache(&Cache::new_lru_cache(options.state_cache_bytes));
    // Filters and indices stay with their open file: one filter is as large as a shard of the cache, and would be read
    // and checked anew for every row that is looked for. They take some 12 bits a row.
    table.set_cache_index_and_filter_blocks(false);
    db.set_block_based_table_factory(&table);
    db
}

/// A file of rows for the state to take in. It is merged with others soon, so compressing it is not worth the time.
pub(crate) fn state_file() -> Options {
    let mut file = Options::default();
    file.set_compression_type(DBCompressionType::None);
    file.set_bytes_per_sync(SYNC_BYTES);
    compact_early(&mut file);
    let mut table = state_blocks();
    table.disable_cache();
    file.set_block_based_table_factory(&table);
    file
}

fn state_blocks() -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_size(16 * KIB);
    table.set_format_version(5);
    table.set_bloom_filter(10.0, false);
    table
}

/// Rows that wait for their time (holds, keys) leave runs of deletions at the front: files of them are rewritten early.
fn compact_early(db: &mut Options) {
    db.add_compact_on_deletion_collector_factory(16 * KIB, 8 * KIB, 0.5);
}

/// How files of one size are merged: four at a time at least, so that a row is rewritten seldom, and yet few files are
/// asked for one that is not there.
fn universal() -> UniversalCompactOptions {
    let mut merge = UniversalCompactOptions::default();
    merge.set_size_ratio(10);
    merge.set_min_merge_width(4);
    merge.set_max_size_amplification_percent(200);
    merge
}

/// A snapshot, opened only to read its label. Leaves no file behind.
pub(crate) fn label() -> Options {
    let mut db = Options::default();
    db.set_info_logger(rocksdb::InfoLogger::new_callback_logger(LogLevel::Warn, |_, line| {
        tracing::warn!(target: "rocksdb", "{}", line.trim_end());
    }));
    db
}

/// Durable when it returns.
pub(crate) fn synced() -> WriteOptions {
    let mut write = WriteOptions::default();
    write.set_sync(true);
    write
}

/// Durable with the next synced write.
pub(crate) fn riding_along() -> WriteOptions {
    WriteOptions::default()
}

/// Rows with `from <= key < to`.
pub(crate) fn range(from: &[u8], to: &[u8]) -> ReadOptions {
    let mut read = ReadOptions::default();
    read.set_iterate_lower_bound(from);
    read.set_iterate_upper_bound(to);
    read
}

fn common() -> Options {
    let mut db = Options::default();
    // Two cores carry everything: one background job for flushes, one for compactions.
    db.set_max_background_jobs(2);
    db.set_bytes_per_sync(SYNC_BYTES);
    db.set_paranoid_checks(true);
    // RocksDB's own story of what it did, kept short.
    db.set_keep_log_file_num(3);
    db.set_max_log_file_size(4 * MIB);
    db.set_stats_dump_period_sec(0);
    db
}
