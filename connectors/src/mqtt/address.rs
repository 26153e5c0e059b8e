//! Where a broker is: `mqtt:`, `mqtts:`, `ws:` or `wss:`, host, port, and behind WebSocket a path.

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Scheme,
    /// A name or number, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// As it is typed, without what stands behind a `?`: that may be a secret.
    text: String,
    /// What is asked for by WebSocket: all of it, with a path.
    whole: String,
}

/// How the broker is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Plain TCP.
    Mqtt,
    /// TLS.
    Mqtts,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Scheme {
    pub(super) fn is_secure(self) -> bool {
        matches!(self, Scheme::Mqtts | Scheme::Wss)
    }

    pub(super) fn is_websocket(self) -> bool {
        matches!(self, Scheme::Ws | Scheme::Wss)
    }

    /// The port where none is typed.
    fn port(self) -> u16 {
        match self {
            Scheme::Mqtt => 1883,
            Scheme::Mqtts => 8883,
            Scheme::Ws => 80,
            Scheme::Wss => 443,
        }
    }
}

impl Address {
    /// Reads what is typed; an error says what is wrong with it.
    pub(super) fn parse(typed: &str) -> Result<Self, String> {
        let shown = typed.split('?').next().unwrap_or(typed);
        let wanted = "expected a broker's address like `mqtt://localhost:1883`";
        let url = url::Url::parse(typed).map_err(|error| {
            format!("{wanted}, found `{shown}`{}", crate::common::no_url(error))
        })?;
        let scheme = match url.scheme() {
            "mqtt" => Scheme::Mqtt,
            "mqtts" => Scheme::Mqtts,
            "ws" => Scheme::Ws,
            "wss" => Scheme::Wss,
            other => {
                return Err(format!(
                    "{wanted} (`mqtts:` over TLS, `ws:` and `wss:` over WebSocket), found `{other}:`"
                ));
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "user and password have options of their own: `username`, `password`".to_owned()
            );
        }
        let bare = matches!(url.path(), "" | "/");
        let more = !bare || url.query().is_some();
        if (more && !scheme.is_websocket()) || url.fragment().is_some() {
            return Err(format!("{wanted}; nothing may stand behind the port, found `{shown}`"));
        }
        let host = url.host_str().filter(|it| !it.is_empty());
        let host = host.ok_or_else(|| format!("{wanted}, found `{shown}`"))?.to_owned();
        let port = url.port().unwrap_or_else(|| scheme.port());
        let text = shown.to_owned();
        let mut whole = url;
        if bare {
            // Where nearly all brokers have it.
            whole.set_path("/mqtt");
        }
        let unbracketed = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { scheme, host: unbracketed, port, text, whole: whole.into() })
    }

    /// For messages.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// For WebSocket: with a path, and with what stands behind a `?`.
    pub(super) fn whole(&self) -> &str {
        &self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Scheme, String, u16) {
        let address = Address::parse(text).unwrap();
        (address.scheme, address.host, address.port)
    }

    #[test]
    fn addresses_are_read() {
        let localhost = || "localhost".to_owned();
        assert_eq!(parsed("mqtt://localhost"), (Scheme::Mqtt, localhost(), 1883));
        assert_eq!(parsed("mqtt://10.0.0.7:2883/"), (Scheme::Mqtt, "10.0.0.7".to_owned(), 2883));
        assert_eq!(parsed("mqtt://[::1]:1"), (Scheme::Mqtt, "::1".to_owned(), 1));
        assert_eq!(parsed("mqtts://localhost"), (Scheme::Mqtts, localhost(), 8883));
        assert_eq!(parsed("ws://localhost:9001"), (Scheme::Ws, localhost(), 9001));
        assert_eq!(parsed("wss://localhost/a/b?c=d"), (Scheme::Wss, localhost(), 443));
    }

    #[test]
    fn a_websocket_has_a_path_and_its_query_is_told_to_nobody() {
        let whole = |text| Address::parse(text).unwrap().whole().to_owned();
        assert_eq!(whole("ws://localhost:9001"), "ws://localhost:9001/mqtt");
        assert_eq!(whole("wss://localhost/a?key=k"), "wss://localhost/a?key=k");
        assert_eq!(Address::parse("wss://localhost/a?key=k").unwrap().text(), "wss://localhost/a");
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, part) in [
            ("localhost", "expected a broker's address"),
            ("localhost:1883", "found `localhost:`"),
            ("http://localhost", "found `http:`"),
            ("mqtt://me:pw@localhost", "`username`, `password`"),
            ("mqtt://localhost/devices", "nothing may stand behind the port"),
            ("mqtts://localhost?x=y", "nothing may stand behind the port"),
            ("mqtt://", "expected a broker's address"),
        ] {
            let message = Address::parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
