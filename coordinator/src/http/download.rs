//! What a new host fetches: the scripts and the agent's binary.

use bytes::{Bytes, BytesMut};
use tokio::{fs::File, io::AsyncReadExt as _, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use warp::{
    Reply as _,
    http::{HeaderValue, header},
};
use wire::error::ErrorCode;

use super::{
    Site,
    caller::Anyone,
    fleet::fingerprint,
    problem::{self, Refused},
    reply::{self, Answer},
    request::Request,
};
use crate::dist::{PATH_PREFIX, UNINSTALL};

const SCRIPT: &str = "text/x-shellscript; charset=utf-8";
const CHUNK_BYTES: usize = 128 * 1024;

pub(super) async fn install(site: Site, _: Anyone, _: Request) -> Answer {
    let script = site.dist().install_script(fingerprint(&site)).await.map_err(|error| {
        tracing::error!(error, "install.sh cannot be rendered");
        problem::internal()
    })?;
    Ok(reply::text(script, SCRIPT))
}

pub(super) async fn uninstall(_: Site, _: Anyone, _: Request) -> Answer {
    Ok(reply::text(UNINSTALL, SCRIPT))
}

/// `/dist/restic-manager-agent-<arch>`
pub(super) async fn agent(site: Site, _: Anyone, request: Request) -> Answer {
    let file: String = request.param("file")?;
    let prefix = PATH_PREFIX.trim_start_matches("/dist/");
    let binary = file.strip_prefix(prefix).and_then(|arch| site.dist().binary(arch));
    let gone = || {
        Refused::new(
            ErrorCode::NotFound,
            "This coordinator serves no such agent.",
            "Start it with `--agent-binary ARCH=PATH`, or take the command from the panel's page \"Add host\".",
        )
    };
    let path = binary.ok_or_else(gone)?.path();
    let unreadable = |error: std::io::Error| {
        tracing::error!(path = %path.display(), %error, "an agent binary cannot be read");
        gone()
    };
    let file = File::open(path).await.map_err(unreadable)?;
    let size = file.metadata().await.map_err(unreadable)?.len();
    let mut response = warp::reply::stream(ReceiverStream::new(chunks(file))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, size.into());
    Ok(response)
}

/// One chunk is read while another is sent.
fn chunks(mut file: File) -> mpsc::Receiver<Result<Bytes, std::io::Error>> {
    let (chunks, body) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
            let read = file.read_buf(&mut chunk).await;
            let last = matches!(read, Ok(0) | Err(_));
            let sent = match read {
                Ok(0) => return,
                Ok(_) => chunks.send(Ok(chunk.freeze())).await,
                Err(error) => chunks.send(Err(error)).await,
            };
            if last || sent.is_err() {
                return;
            }
        }
    });
    body
}
