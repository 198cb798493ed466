//! The two ways in which providers have their calls signed.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// HMAC-SHA256.
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA256 in hexadecimal.
pub fn mac(key: &[u8], text: &str) -> String {
    HEXLOWER.encode(&hmac(key, text))
}

/// Text in an address or a form: all but letters, digits and `-_.~` as `%XX` (RFC 3986).
pub fn encoded(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                into.push(char::from(byte))
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Pairs as a query or a form, sorted by name.
pub fn pairs(pairs: &[(&str, &str)]) -> String {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    let mut text = String::new();
    for (name, value) in sorted {
        if !text.is_empty() {
            text.push('&');
        }
        encoded(name, &mut text);
        text.push('=');
        encoded(value, &mut text);
    }
    text
}

/// `name:value` lines in order of their names, and the names with `;` between them.
fn canonical(headers: &[(&str, &str)]) -> (String, String) {
    let mut sorted = headers.to_vec();
    sorted.sort_unstable();
    let (mut lines, mut names) = (String::new(), String::new());
    for (name, value) in sorted {
        lines.push_str(name);
        lines.push(':');
        lines.push_str(value.trim());
        lines.push('\n');
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
    }
    (lines, names)
}

/// Aliyun's ACS3-HMAC-SHA256 over a POST to `/`: the value of `Authorization`. `headers` are those to be
/// signed, names in lower case; `x-acs-content-sha256` is among them.
/// (help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature)
pub fn acs3(id: &str, secret: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let (lines, names) = canonical(headers);
    let request = ["POST\n/\n", query, "\n", &lines, "\n", &names, "\n", &sha256(body)].concat();
    let to_sign = ["ACS3-HMAC-SHA256\n", &sha256(request.as_bytes())].concat();
    let signature = HEXLOWER.encode(&hmac(secret.as_bytes(), &to_sign));
    ["ACS3-HMAC-SHA256 Credential=", id, ",SignedHeaders=", &names, ",Signature=", &signature].concat()
}

/// Tencent's TC3-HMAC-SHA256 over a POST to `/`: the value of `Authorization`. `timestamp` are seconds
/// since 1970, `date` is its day in UTC. (cloud.tencent.com/document/api/382/52072)
pub fn tc3(
    (id, secret): (&str, &str),
    service: &str,
    timestamp: &str,
    date: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let (lines, names) = canonical(headers);
    let request = ["POST\n/\n\n", &lines, "\n", &names, "\n", &sha256(body)].concat();
    let scope = [date, "/", service, "/tc3_request"].concat();
    let to_sign = ["TC3-HMAC-SHA256\n", timestamp, "\n", &scope, "\n", &sha256(request.as_bytes())].concat();
    let key = hmac(["TC3", secret].concat().as_bytes(), date);
    let key = hmac(&hmac(&key, service), "tc3_request");
    let signature = HEXLOWER.encode(&hmac(&key, &to_sign));
    ["TC3-HMAC-SHA256 Credential=", id, "/", &scope, ", SignedHeaders=", &names, ", Signature=", &signature]
        .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acs3_example(date: &str, nonce: &str) -> String {
        let query = pairs(&[
            ("RegionId", "cn-shanghai"),
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
        ]);
        let hash = sha256(b"");
        let headers = [
            ("host", "ecs.cn-shanghai.aliyuncs.com"),
            ("x-acs-action", "RunInstances"),
            ("x-acs-content-sha256", hash.as_str()),
            ("x-acs-date", date),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", "2014-05-26"),
        ];
        acs3("YourAccessKeyId", "YourAccessKeySecret", &query, &headers, b"")
    }

    /// The examples of Aliyun's page on its signature.
    #[test]
    fn aliyuns_published_signatures() {
        for (date, nonce, signature) in [
            (
                "2023-10-26T09:01:01Z",
                "d410180a5abf7fe235dd9b74aca91fc0",
                "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804",
            ),
            (
                "2023-10-26T10:22:32Z",
                "3156853299f313e23d1673dc12e1703d",
                "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
            ),
        ] {
            let made = acs3_example(date, nonce);
            let names =
                "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
            assert_eq!(
                made,
                format!(
                    "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders={names},Signature={signature}"
                )
            );
        }
    }

    /// The example of Tencent's page on its signature (DescribeInstances).
    #[test]
    fn tencents_published_signature() {
        let body =
            br#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        assert_eq!(sha256(body), "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
        let made = tc3(
            ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"),
            "cvm",
            "1551113065",
            "2019-02-25",
            &[("host", "cvm.tencentcloudapi.com"), ("content-type", "application/json; charset=utf-8")],
            body,
        );
        assert_eq!(
            made,
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
    }

    #[test]
    fn addresses_are_encoded_as_signatures_want_it() {
        let mut text = String::new();
        encoded("a b~*/+中", &mut text);
        assert_eq!(text, "a%20b~%2A%2F%2B%E4%B8%AD");
    }
}
