//! TLS for clients that bring no cryptography of their own.

use std::sync::OnceLock;

/// Sets the process up so that HTTP clients can speak TLS; to be called before one is made. The first call counts; where
/// whoever embeds Weir has chosen a provider before, that one stays.
pub(crate) fn ensure_crypto() {
    static READY: OnceLock<()> = OnceLock::new();
    READY.get_or_init(|| {
        // An error says that there is one already.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}
