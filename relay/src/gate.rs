//! Who comes in.

use std::collections::HashMap;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The hosts that it calls unless it is told others.
pub const PROVIDERS: [&str; 2] = ["dysmsapi.aliyuncs.com", "sms.tencentcloudapi.com"];
/// How far a request's time may be off.
const SKEW_MS: i64 = 2 * 60_000;
/// A secret shorter than this is a password.
const SECRET_MIN: usize = 32;

/// The secret is missing or too short.
#[derive(Debug, PartialEq, Eq)]
pub struct NoSecret;

/// What a request says of itself.
pub(crate) struct Claim<'a> {
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub time: &'a str,
    pub mac: &'a str,
    pub body: &'a [u8],
}

/// Why a request stays outside, with its HTTP status.
pub(crate) type Refusal = (u16, &'static str);

/// Knows the secret, the hosts, and what was passed on in the last minutes.
pub struct Gate {
    secret: Vec<u8>,
    hosts: Vec<String>,
    since_ms: i64,
    seen: HashMap<Vec<u8>, i64>,
}

impl Gate {
    /// With a secret of at least 32 characters. What was sent before `since_ms`
    /// stays outside: an earlier run may have passed it on, and forgot it.
    ///
    /// # Errors
    /// Where it is shorter.
    pub fn new(secret: &str, hosts: Vec<String>, since_ms: i64) -> Result<Self, NoSecret> {
        if secret.len() < SECRET_MIN {
            return Err(NoSecret);
        }
        Ok(Self { secret: secret.as_bytes().to_vec(), hosts, since_ms, seen: HashMap::new() })
    }

    /// Lets a request in, once.
    pub(crate) fn admit(&mut self, now_ms: i64, claim: &Claim<'_>) -> Result<(), Refusal> {
        let time: i64 = claim.time.parse().map_err(|_| (400, "x-relay-time is no number"))?;
        let given =
            HEXLOWER_PERMISSIVE.decode(claim.mac.as_bytes()).map_err(|_| (400, "x-relay-mac is no hex"))?;
        let Some(hmac) = keyed(&self.secret, claim.method, claim.host, claim.path, claim.time, claim.body)
        else {
            return Err((403, "x-relay-mac does not fit"));
        };
        // In constant time. First of all: to whoever has no secret it says nothing else.
        hmac.verify_slice(&given).map_err(|_| (403, "x-relay-mac does not fit"))?;
        if time.abs_diff(now_ms) > SKEW_MS.unsigned_abs() {
            return Err((403, "x-relay-time is more than 2 minutes off"));
        }
        if time < self.since_ms {
            return Err((403, "this request is older than the relay's start"));
        }
        if !self.hosts.iter().any(|host| host == claim.host) {
            return Err((403, "x-relay-host is not on the list"));
        }
        self.seen.retain(|_, until| *until >= now_ms);
        // For as long as its time would pass.
        if self.seen.insert(given, time.saturating_add(SKEW_MS)).is_some() {
            return Err((403, "this request was passed on before"));
        }
        Ok(())
    }
}

fn keyed(
    secret: &[u8],
    method: &str,
    host: &str,
    path: &str,
    time: &str,
    body: &[u8],
) -> Option<Hmac<Sha256>> {
    let body = HEXLOWER.encode(&Sha256::digest(body));
    // HMAC takes a key of any length.
    let hmac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    Some(hmac.chain_update([method, host, path, time, &body].join("\n")))
}

/// The value of `x-relay-mac`.
pub fn mac(secret: &str, method: &str, host: &str, path: &str, time_ms: i64, body: &[u8]) -> String {
    keyed(secret.as_bytes(), method, host, path, &time_ms.to_string(), body)
        .map(|hmac| HEXLOWER.encode(&hmac.finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NOW: i64 = 1_780_272_000_000;
    const HOST: &str = "dysmsapi.aliyuncs.com";

    fn gate() -> Gate {
        Gate::new(SECRET, PROVIDERS.map(str::to_owned).into(), NOW - 1_000).unwrap()
    }

    fn claim<'a>(time: &'a str, mac: &'a str) -> Claim<'a> {
        Claim { method: "POST", host: HOST, path: "/?a=1", time, mac, body: b"body" }
    }

    /// The Worker computes the same in another place.
    #[test]
    fn the_mac_unchanged() {
        assert_eq!(
            mac(SECRET, "POST", HOST, "/?a=1", NOW, b"body"),
            "782c3dab8e62d38912fcd7532ad6c0ead41f48264665860ec375c256676f3a88"
        );
    }

    #[test]
    fn a_request_comes_in_once() {
        let (mut gate, time) = (gate(), NOW.to_string());
        let mac = mac(SECRET, "POST", HOST, "/?a=1", NOW, b"body");
        assert_eq!(gate.admit(NOW, &claim(&time, &mac)), Ok(()));
        let again = Err((403, "this request was passed on before"));
        assert_eq!(gate.admit(NOW + 1, &claim(&time, &mac)), again);
        assert_eq!(gate.admit(NOW + 120_000, &claim(&time, &mac.to_uppercase())), again);
        assert_eq!(
            gate.admit(NOW + 120_001, &claim(&time, &mac)),
            Err((403, "x-relay-time is more than 2 minutes off"))
        );
        assert_eq!(gate.seen.len(), 1);
    }

    /// A request from the near future is remembered until its own time is over.
    #[test]
    fn a_fast_clock_opens_no_second_door() {
        let (mut gate, ahead) = (gate(), NOW + 119_000);
        let mac = mac(SECRET, "POST", HOST, "/?a=1", ahead, b"body");
        let time = ahead.to_string();
        assert_eq!(gate.admit(NOW, &claim(&time, &mac)), Ok(()));
        assert_eq!(
            gate.admit(NOW + 200_000, &claim(&time, &mac)),
            Err((403, "this request was passed on before"))
        );
    }

    #[test]
    fn a_fresh_start_forgets_nothing() {
        let (mut gate, at) = (gate(), NOW - 1_001);
        let mac = mac(SECRET, "POST", HOST, "/?a=1", at, b"body");
        let older = Err((403, "this request is older than the relay's start"));
        assert_eq!(gate.admit(NOW, &claim(&at.to_string(), &mac)), older);
    }

    #[test]
    fn whatever_is_changed_does_not_fit() {
        let (mut gate, time) = (gate(), NOW.to_string());
        let mac = mac(SECRET, "POST", HOST, "/?a=1", NOW, b"body");
        let no = Err((403, "x-relay-mac does not fit"));
        let later = (NOW + 1).to_string();
        assert_eq!(gate.admit(NOW, &Claim { method: "GET", ..claim(&time, &mac) }), no);
        assert_eq!(gate.admit(NOW, &Claim { host: PROVIDERS[1], ..claim(&time, &mac) }), no);
        assert_eq!(gate.admit(NOW, &Claim { path: "/?a=2", ..claim(&time, &mac) }), no);
        assert_eq!(gate.admit(NOW, &Claim { body: b"bodz", ..claim(&time, &mac) }), no);
        assert_eq!(gate.admit(NOW, &claim(&later, &mac)), no);
        assert_eq!(gate.admit(NOW, &claim(&time, "00")), no);
        assert_eq!(gate.admit(NOW, &claim(&time, "zz")), Err((400, "x-relay-mac is no hex")));
        assert_eq!(gate.admit(NOW, &claim("soon", &mac)), Err((400, "x-relay-time is no number")));
        assert_eq!(gate.admit(NOW, &claim(&time, &mac)), Ok(()));
    }

    #[test]
    fn only_hosts_on_the_list() {
        let (mut gate, time) = (gate(), NOW.to_string());
        for host in ["evil.example", "dysmsapi.aliyuncs.com.evil.example", "DYSMSAPI.aliyuncs.com", ""] {
            let mac = mac(SECRET, "POST", host, "/?a=1", NOW, b"body");
            let refused = Err((403, "x-relay-host is not on the list"));
            assert_eq!(gate.admit(NOW, &Claim { host, ..claim(&time, &mac) }), refused, "{host}");
        }
    }

    #[test]
    fn a_short_secret_is_none() {
        assert_eq!(Gate::new(&SECRET[1..], Vec::new(), 0).err(), Some(NoSecret));
    }
}
