//! The generated input: newline-delimited JSON, records of 131 bytes on average, ten a millisecond in event time, from
//! 10,000 devices. The same bytes for the same number of rows, on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How many devices there are.
const DEVICES: u64 = 10_000;

/// The event time of the first record, ms since 1970.
const START_MS: u64 = 1_700_000_000_000;

/// The file with this many rows in `folder`; generated unless it is there.
pub fn prepare(folder: &Path, rows: u64) -> std::io::Result<PathBuf> {
    let path = folder.join(format!("iot-131-{rows}.jsonl"));
    if path.exists() {
        return Ok(path);
    }
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension("partial");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&beside)?);
    write(&mut out, rows)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&beside, &path)?;
    Ok(path)
}

/// Writes the records.
pub fn write(out: &mut impl Write, rows: u64) -> std::io::Result<()> {
    const METRICS: [&str; 4] = ["temperature", "humidity", "pressure", "vibration"];
    let mut random = ChaCha8Rng::seed_from_u64(131);
    for row in 0..rows {
        let device = random.next_u64() % DEVICES;
        let value = 20.0 + (random.next_u64() % 1_000) as f64 / 100.0;
        writeln!(
            out,
            "{{\"ts\":{},\"device\":\"dev-{device:06}\",\"site\":\"site-{:02}\",\"metric\":\"{}\",\
             \"value\":{value:.2},\"quality\":{},\"seq\":{row},\"fw\":\"v2.{}\"}}",
            START_MS + row / 10,
            device % 40,
            METRICS[(device % 4) as usize],
            random.next_u64() % 4,
            device % 7,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn records_are_the_same_everywhere_and_as_long_as_promised() {
        let mut first = Vec::new();
        super::write(&mut first, 1_000).expect("writing to memory");
        let mut again = Vec::new();
        super::write(&mut again, 1_000).expect("writing to memory");
        assert_eq!(first, again);
        let average = first.len() as f64 / 1_000.0;
        assert!((127.0..135.0).contains(&average), "{average} bytes a record");
    }
}
