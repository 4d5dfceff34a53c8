//! What is mounted where: `/proc/1/mountinfo` (proc(5)).

use crate::node::sources::Roots;

/// A mounted file system.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mount {
    pub(super) device: String,
    /// Where, as the machine knows it.
    pub(super) mount_point: String,
    pub(super) fs_type: String,
    pub(super) major: u32,
    pub(super) minor: u32,
    /// True if the mount, or the whole file system, cannot be written to.
    pub(super) read_only: bool,
}

/// Reads all lines.
pub(super) fn parse(text: &str, roots: &Roots) -> Result<Vec<Mount>, String> {
    let mount = |line| parse_line(line, roots).ok_or_else(|| format!("line {line:?}"));
    text.lines().map(mount).collect()
}

/// Reads `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue`; the
/// number of fields before the dash varies.
fn parse_line(line: &str, roots: &Roots) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(2);
    let (major, minor) = before.next()?.split_once(':')?;
    let mount_point = unescape(before.nth(1)?);
    let options = before.next()?;
    let mut after = after.split(' ');
    let fs_type = after.next()?.to_owned();
    let device = unescape(after.next()?);
    let super_options = after.next().unwrap_or_default();
    let read_only = |options: &str| options.split(',').any(|option| option == "ro");
    Some(Mount {
        device,
        mount_point: roots.strip_rootfs(&mount_point).to_owned(),
        fs_type,
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
        read_only: read_only(options) || read_only(super_options),
    })
}

/// Replaces `\040` and the like, which stand for spaces, tabs, line ends and backslashes.
fn unescape(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(byte) if byte.is_ascii() => {
                plain.push(char::from(byte));
                plain.push_str(part.get(3..).unwrap_or_default());
            }
            _ => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Mount> {
        let roots = Roots {
            rootfs: "/host".into(),
            ..Roots::default()
        };
        parse_line(line, &roots)
    }

    #[test]
    fn lines_are_read_with_and_without_optional_fields() {
        let mount = parsed("36 35 98:7 / /host/a\\040b rw,noatime m:1 s:2 - ext3 /dev/x rw,e=c");
        assert_eq!(
            mount,
            Some(Mount {
                device: "/dev/x".to_owned(),
                mount_point: "/a b".to_owned(),
                fs_type: "ext3".to_owned(),
                major: 98,
                minor: 7,
                read_only: false,
            })
        );
        for (line, read_only) in [
            ("1 1 0:1 / /p ro - t d rw", true),
            ("1 1 0:1 / /p rw,relatime - t d ro,size=4k", true),
            ("1 1 0:1 / /p rw,errors=remount-ro - t d rw", false),
        ] {
            assert_eq!(parsed(line).map(|mount| mount.read_only), Some(read_only));
        }
    }

    #[test]
    fn lines_that_are_none() {
        for line in [
            "",
            "1 1 0:1 / /p rw",
            "1 1 01 / /p rw - t d rw",
            "1 1 0:x / /p rw - t d rw",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
        let roots = Roots::default();
        assert_eq!(
            parse("nonsense\n", &roots),
            Err("line \"nonsense\"".to_owned())
        );
    }

    #[test]
    fn escapes() {
        for (text, plain) in [
            ("a\\040b", "a b"),
            ("\\011\\012\\134", "\t\n\\"),
            ("a\\04", "a\\04"),
            ("\\999", "\\999"),
            ("\\é", "\\é"),
        ] {
            assert_eq!(unescape(text), plain);
        }
    }
}
