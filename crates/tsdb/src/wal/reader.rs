//! Reads segments. Damage costs the records that touch the damaged page, never the rest.

use std::path::Path;

use host::fs::Fs;

use super::WalError;
use super::compression::decompress;
use super::page::{FragmentKind, HEADER_BYTES, PAGE_BYTES};

/// What a segment was like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentReport {
    /// End of the last whole record.
    pub(crate) good_end: u64,
    /// Length of the file.
    pub(crate) len: u64,
    /// Where something could not be read, and why.
    pub(crate) damages: Vec<Damage>,
}

impl SegmentReport {
    /// True if the file ends in something that is neither record nor padding.
    pub(crate) fn has_torn_tail(&self) -> bool {
        self.damages
            .last()
            .is_some_and(|damage| damage.offset >= self.good_end)
    }
}

/// A place in a segment that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) offset: u64,
    pub(crate) reason: &'static str,
}

/// Calls `each` with every whole record of a segment, in order.
pub(crate) fn read_segment(
    fs: &dyn Fs,
    path: &Path,
    each: &mut dyn FnMut(&[u8]),
) -> Result<SegmentReport, WalError> {
    read_segment_from(fs, path, 0, each)
}

/// The same from an offset on, at which a page begins.
pub(crate) fn read_segment_from(
    fs: &dyn Fs,
    path: &Path,
    offset: u64,
    each: &mut dyn FnMut(&[u8]),
) -> Result<SegmentReport, WalError> {
    let reader = PageReader {
        position: offset,
        report: SegmentReport {
            good_end: offset,
            ..SegmentReport::default()
        },
        ..PageReader::default()
    };
    read_with(reader, fs, path, each)
}

/// Looks at checksums and the order of fragments only.
pub(crate) fn check_segment(fs: &dyn Fs, path: &Path) -> Result<SegmentReport, WalError> {
    let reader = PageReader {
        checks_only: true,
        ..PageReader::default()
    };
    read_with(reader, fs, path, &mut |_| {})
}

fn read_with(
    mut reader: PageReader,
    fs: &dyn Fs,
    path: &Path,
    each: &mut dyn FnMut(&[u8]),
) -> Result<SegmentReport, WalError> {
    let file = fs.open(path).map_err(WalError::at(path))?;
    let mut buffer = vec![0; READ_PAGES * PAGE_BYTES];
    let mut offset = reader.position;
    loop {
        let count = file
            .read_at(&mut buffer, offset)
            .map_err(WalError::at(path))?;
        for page in buffer.get(..count).unwrap_or_default().chunks(PAGE_BYTES) {
            reader.page(page, each);
        }
        offset += count as u64;
        if count < buffer.len() {
            break;
        }
    }
    reader.close_record();
    reader.report.len = offset;
    Ok(reader.report)
}

/// Puts records together from fragments.
#[derive(Default)]
struct PageReader {
    report: SegmentReport,
    position: u64,
    /// True inside a record whose last fragment is still to come. Its first may be empty: that is
    /// what a writer leaves where just a header fits into the rest of a page.
    open: bool,
    partial: Vec<u8>,
    partial_start: u64,
    plain: Vec<u8>,
    /// After damage, the rest of a record that began before it is passed over in silence.
    resync: bool,
    /// Records are not decompressed.
    checks_only: bool,
}

impl PageReader {
    fn page(&mut self, page: &[u8], each: &mut dyn FnMut(&[u8])) {
        let mut offset = 0;
        while let Some(rest) = page.get(offset..).filter(|rest| !rest.is_empty()) {
            match self.fragment(rest, offset, page.len() == PAGE_BYTES, each) {
                Ok(Some(len)) => offset += len,
                Ok(None) => break,
                Err(reason) => {
                    self.damage(self.position + offset as u64, reason);
                    break;
                }
            }
        }
        self.position += page.len() as u64;
    }

    /// Reads one fragment; returns its length, or `None` where the page holds nothing more.
    fn fragment(
        &mut self,
        rest: &[u8],
        offset: usize,
        whole_page: bool,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<usize>, &'static str> {
        let Some((&[kind, l0, l1, c0, c1, c2, c3], after)) = rest.split_first_chunk::<7>() else {
            let padding = whole_page && rest.iter().all(|&byte| byte == 0);
            return if padding {
                Ok(None)
            } else {
                Err("fragment header is cut off")
            };
        };
        let fragment = FragmentKind::from_byte(kind).ok_or("unknown fragment kind")?;
        if fragment == FragmentKind::PageEnd {
            let padding = rest.iter().all(|&byte| byte == 0);
            return if padding {
                Ok(None)
            } else {
                Err("padding is not zero")
            };
        }
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let data = after.get(..len).ok_or("fragment is longer than its page")?;
        if crc32c::crc32c(data) != u32::from_be_bytes([c0, c1, c2, c3]) {
            return Err("checksum does not match");
        }
        let end = self.position + (offset + HEADER_BYTES + len) as u64;
        let start = self.position + offset as u64;
        self.assemble(fragment, kind, data, (start, end), each)?;
        Ok(Some(HEADER_BYTES + len))
    }

    fn assemble(
        &mut self,
        fragment: FragmentKind,
        flags: u8,
        data: &[u8],
        (start, end): (u64, u64),
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), &'static str> {
        let begins = matches!(fragment, FragmentKind::Full | FragmentKind::First);
        if begins {
            self.close_record();
            self.resync = false;
            self.partial_start = start;
        } else if self.resync {
            return Ok(());
        } else if !self.open {
            return Err("record without a beginning");
        }
        self.open = matches!(fragment, FragmentKind::First | FragmentKind::Middle);
        match fragment {
            FragmentKind::Full => self.record(data, flags, each)?,
            FragmentKind::Last => {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(data);
                let outcome = self.record(&whole, flags, each);
                whole.clear();
                self.partial = whole;
                outcome?;
            }
            _ => {
                self.partial.extend_from_slice(data);
                return Ok(());
            }
        }
        self.report.good_end = end;
        Ok(())
    }

    /// A record that is still open when another begins, or the segment ends, was cut off.
    fn close_record(&mut self) {
        if self.open {
            self.damage(self.partial_start, "record without an end");
        }
    }

    fn record(
        &mut self,
        bytes: &[u8],
        flags: u8,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), &'static str> {
        if self.checks_only {
            return Ok(());
        }
        each(decompress(flags, bytes, &mut self.plain)?.unwrap_or(bytes));
        Ok(())
    }

    fn damage(&mut self, offset: u64, reason: &'static str) {
        self.open = false;
        self.partial.clear();
        self.resync = true;
        self.report.damages.push(Damage { offset, reason });
    }
}

/// Pages taken by one read.
const READ_PAGES: usize = 32;

#[cfg(test)]
mod tests;
