//! How the tests ask over HTTP.

/// A client in the making. reqwest, as the coordinator has it built, wants cryptography to be chosen before any client is
/// made, also for plain http.
pub fn client_builder() -> reqwest::ClientBuilder {
    // The second time it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

pub fn client() -> reqwest::Client {
    client_builder().build().expect("a client")
}
