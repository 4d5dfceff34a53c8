//! Blocks as a table.

use std::path::Path;
use std::process::ExitCode;

use host::fs::RealFs;
use model::date::format_rfc3339;
use tsdb::ReadOnly;
use tsdb::block::BlockMeta;

/// Prints one line for each block, oldest first.
pub(super) fn run(path: &Path, human: bool) -> anyhow::Result<ExitCode> {
    let directory = ReadOnly::open(&RealFs, path)?;
    let damaged = super::verify::warn_of(directory.damaged());
    print_table(directory.blocks(), human);
    Ok(damaged)
}

#[allow(clippy::print_stdout, reason = "the table is this command's output")]
pub(super) fn print_table<'a>(blocks: impl Iterator<Item = (&'a BlockMeta, u64)>, human: bool) {
    print!("{}", table(blocks, human, true));
}

#[allow(clippy::print_stdout, reason = "the table is this command's output")]
pub(super) fn print_row(meta: &BlockMeta, bytes: u64, human: bool, with_head: bool) {
    print!(
        "{}",
        table(std::iter::once((meta, bytes)), human, with_head)
    );
}

fn table<'a>(
    blocks: impl Iterator<Item = (&'a BlockMeta, u64)>,
    human: bool,
    with_head: bool,
) -> String {
    let mut rows: Vec<[String; 8]> = vec![HEAD.map(str::to_owned)];
    rows.extend(blocks.map(|(meta, bytes)| row(meta, bytes, human)));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(String::len).max().unwrap_or_default() + 2
    };
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| width(column).max(13))
        .collect();
    let mut text = String::new();
    for cells in rows.iter().skip(usize::from(!with_head)) {
        let (last, others) = cells.split_last().unwrap_or((&EMPTY, &[]));
        for (cell, width) in others.iter().zip(&widths) {
            text.push_str(&format!("{cell:width$}"));
        }
        text.push_str(last);
        text.push('\n');
    }
    text
}

fn row(meta: &BlockMeta, bytes: u64, human: bool) -> [String; 8] {
    let time = |millis: i64| match human {
        true => {
            let text = format_rfc3339(millis);
            let seconds = text.split(['.', 'Z']).next().unwrap_or_default();
            format!("{} +0000 UTC", seconds.replace('T', " "))
        }
        false => millis.to_string(),
    };
    [
        meta.ulid.clone(),
        time(meta.min_time),
        time(meta.max_time),
        go_duration(meta.max_time - meta.min_time),
        meta.stats.num_samples.to_string(),
        meta.stats.num_chunks.to_string(),
        meta.stats.num_series.to_string(),
        match human {
            true => size_text(bytes),
            false => bytes.to_string(),
        },
    ]
}

/// Milliseconds as Go writes a duration: `2m44.001s`.
pub(super) fn go_duration(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    if millis == 0 {
        return "0s".to_owned();
    }
    if millis < 1_000 {
        return format!("{sign}{millis}ms");
    }
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let fraction = match rest {
        0 => String::new(),
        rest => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    let mut text = sign.to_owned();
    if hours > 0 {
        text.push_str(&format!("{hours}h"));
    }
    if hours > 0 || minutes > 0 {
        text.push_str(&format!("{minutes}m"));
    }
    text.push_str(&format!("{}{fraction}s", seconds % 60));
    text
}

/// Bytes in units of 1024, the largest first: `1KiB55B`.
fn size_text(bytes: u64) -> String {
    let units = ["EiB", "PiB", "TiB", "GiB", "MiB", "KiB", "B"];
    let mut text = String::new();
    for (unit, power) in units.into_iter().zip((0..7).rev()) {
        let count = match power {
            6 => bytes >> 60,
            power => bytes >> (10 * power) & 1_023,
        };
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if text.is_empty() {
        "0B".to_owned()
    } else {
        text
    }
}

const HEAD: [&str; 8] = [
    "BLOCK ULID",
    "MIN TIME",
    "MAX TIME",
    "DURATION",
    "NUM SAMPLES",
    "NUM CHUNKS",
    "NUM SERIES",
    "SIZE",
];
static EMPTY: String = String::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        let cases = [
            (0, "0s"),
            (1, "1ms"),
            (1_000, "1s"),
            (164_001, "2m44.001s"),
            (7_200_000, "2h0m0s"),
            (90_061_500, "25h1m1.5s"),
        ];
        for (millis, want) in cases {
            assert_eq!(go_duration(millis), want);
        }
    }

    #[test]
    fn sizes_have_all_their_units() {
        let cases = [
            (0, "0B"),
            (704, "704B"),
            (1_079, "1KiB55B"),
            ((1 << 30) + 5, "1GiB5B"),
        ];
        for (bytes, want) in cases {
            assert_eq!(size_text(bytes), want);
        }
    }
}
