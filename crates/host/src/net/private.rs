//! A socket through which processes of the same user ask each other, without a certificate or a
//! password: the kernel vouches for them.

use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};

/// A listening Unix socket that other users find closed.
#[derive(Debug)]
pub struct PrivateSocket {
    listener: UnixListener,
}

impl PrivateSocket {
    /// Listens at `path`. A socket that lies there is taken for one of a process that has ended, and
    /// replaced: whoever calls this holds the folder alone.
    ///
    /// # Errors
    /// The path is longer than the operating system takes, something else lies there, or the folder
    /// cannot be written to.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_socket(path)?;
                UnixListener::bind(path)
            }
            bound => bound,
        };
        Ok(Self {
            listener: listener?,
        })
    }

    /// The next connection of this user; others are closed.
    ///
    /// # Errors
    /// As the operating system says.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if stream.peer_cred()?.uid() == geteuid().as_raw() {
                return Ok(stream);
            }
        }
    }
}

fn remove_socket(path: &Path) -> io::Result<()> {
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::lstat(path)?.st_mode);
    match kind.is_socket() {
        true => Ok(rustix::fs::unlink(path)?),
        false => Err(Errno::EXIST.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        drop(PrivateSocket::bind(&path).unwrap());
        let socket = PrivateSocket::bind(&path).unwrap();
        let (asked, came) = tokio::join!(UnixStream::connect(&path), socket.accept());
        assert!(asked.is_ok() && came.is_ok());
        let file = folder.path().join("file");
        rustix::fs::open(
            &file,
            rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY,
            rustix::fs::Mode::RUSR,
        )
        .unwrap();
        let refused = PrivateSocket::bind(&file).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    }
}
