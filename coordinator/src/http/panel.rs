//! The panel's files, which are inside of this program. Any path that is nobody else's is the panel's: it routes itself.
//!
//! Files under `assets/` carry a hash in their name and are kept for good; the others are asked for again each time.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::{Embed, EmbeddedFile};
use warp::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    reply::Response,
};
use wire::error::ErrorCode;

use super::{
    problem::Refused,
    reply::{self, Answer},
};

#[derive(Embed)]
#[folder = "../panel/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
/// Smaller ones are not worth the work.
const COMPRESS_FROM_BYTES: usize = 1_024;

/// Shown where this program was built without the panel.
const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>restic-manager</title></head><body>
<h1>The panel is not part of this build</h1>
<p>The coordinator runs, and its API answers under <a href=\"/api/v1/openapi.json\">/api/v1</a>.</p>
<p>To get the panel, run <code>npm ci &amp;&amp; npm run build</code> in <code>panel/</code>, then build the coordinator again.</p>
</body></html>
";

#[derive(Default)]
pub(super) struct Panel {
    /// Made once for each file, by its content's hash.
    gzipped: Mutex<HashMap<[u8; 32], Bytes>>,
}

impl Panel {
    /// The file at this path, or the page that finds its way itself.
    pub fn serve(&self, path: &str, headers: &HeaderMap) -> Answer {
        let path = path.trim_start_matches('/');
        let asset = path.starts_with("assets/");
        if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
            return Ok(self.file(path, &file, asset, headers));
        }
        if asset {
            return Err(Refused::new(
                ErrorCode::NotFound,
                "This file of the panel is not there any more.",
                "Reload the page: the coordinator was updated.",
            ));
        }
        match Files::get(INDEX) {
            Some(index) => Ok(self.file(INDEX, &index, false, headers)),
            None => Ok(reply::text(NOT_BUILT, "text/html; charset=utf-8")),
        }
    }

    fn file(&self, path: &str, file: &EmbeddedFile, immutable: bool, headers: &HeaderMap) -> Response {
        let hash = file.metadata.sha256_hash();
        let media = media(path);
        let gzip = compressible(media) && file.data.len() >= COMPRESS_FROM_BYTES;
        let zipped = gzip && accepts_gzip(headers);
        // Each representation has a tag of its own.
        let tag = format!("\"{}{}\"", hex::encode(&hash[..16]), if zipped { "-gz" } else { "" });
        let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let mut response = if known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag)) {
            let mut response = reply::no_content();
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else if zipped {
            Response::new(self.zipped(hash, &file.data).into())
        } else {
            reply::bytes(file.data.to_vec())
        };
        let cache = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let out = response.headers_mut();
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let (Ok(media), Ok(tag)) = (HeaderValue::from_str(media), HeaderValue::from_str(&tag)) {
            out.insert(header::CONTENT_TYPE, media);
            out.insert(header::ETAG, tag);
        }
        if gzip {
            out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if zipped {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    fn zipped(&self, hash: [u8; 32], data: &[u8]) -> Bytes {
        let known = || self.gzipped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zipped) = known().get(&hash) {
            return zipped.clone();
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        // A Vec takes every byte.
        let zipped = Bytes::from(encoder.write_all(data).and_then(|()| encoder.finish()).unwrap_or_default());
        known().insert(hash, zipped.clone());
        zipped
    }
}

fn media(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream"),
    }
}

fn compressible(media: &str) -> bool {
    media.starts_with("text/") || media.ends_with("json") || media.ends_with("+xml")
}

/// RFC 9110 §12.5.3: `gzip` or `*`, unless with a weight of zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING);
    let codings = accepted.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut any = false;
    for coding in codings {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>() == Ok(0.0));
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return !refused,
            "*" => any = !refused,
            _ => {}
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn accepts(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
        accepts_gzip(&headers)
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        for value in ["gzip", "br, GZIP;q=0.5", "deflate, *", "gzip;q=1.0"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *"] {
            assert!(!accepts(value), "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    fn file(text: &str) -> EmbeddedFile {
        let mut hash = [0; 32];
        hash[0] = u8::try_from(text.len() % 256).unwrap();
        EmbeddedFile {
            data: text.as_bytes().to_vec().into(),
            metadata: rust_embed::Metadata::__rust_embed_new(hash, None, None),
        }
    }

    fn asks(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[tokio::test]
    async fn each_representation_has_its_tag_and_is_not_sent_twice() {
        let panel = Panel::default();
        let script = file(&"let x = 1;\n".repeat(500));
        let plain = panel.file("assets/a-1234.js", &script, true, &HeaderMap::new());
        let zipped =
            panel.file("assets/a-1234.js", &script, true, &asks(&[(header::ACCEPT_ENCODING, "gzip")]));
        assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(plain.headers()["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(
            (&plain.headers()["vary"], &zipped.headers()["vary"]),
            (&"accept-encoding".parse().unwrap(), &"accept-encoding".parse().unwrap())
        );
        assert_eq!(zipped.headers()["content-encoding"], "gzip");
        assert_ne!(plain.headers()["etag"], zipped.headers()["etag"]);
        let tag = plain.headers()["etag"].to_str().unwrap().to_owned();
        let again = panel.file("assets/a-1234.js", &script, true, &asks(&[(header::IF_NONE_MATCH, &tag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

        let body = http_body_util::BodyExt::collect(zipped.into_body()).await.unwrap().to_bytes();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text.as_bytes(), &*script.data);
    }

    #[test]
    fn the_page_is_asked_for_again_each_time_and_small_files_stay_as_they_are() {
        let panel = Panel::default();
        let page = panel.file(
            "index.html",
            &file("<!doctype html>"),
            false,
            &asks(&[(header::ACCEPT_ENCODING, "gzip")]),
        );
        assert_eq!(page.headers()["cache-control"], "no-cache");
        assert!(!page.headers().contains_key("content-encoding"));
        assert!(page.headers().contains_key("etag"));
    }

    #[test]
    fn an_asset_that_is_not_there_is_not_a_page() {
        let problem = Panel::default().serve("/assets/gone-1234.js", &HeaderMap::new()).unwrap_err();
        assert_eq!(problem.code, ErrorCode::NotFound);
        let page = Panel::default().serve("/hosts/abc", &HeaderMap::new()).unwrap();
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        assert!(
            Panel::default().serve("/../../etc/passwd", &HeaderMap::new()).unwrap().headers()["content-type"]
                == "text/html; charset=utf-8"
        );
    }
}
