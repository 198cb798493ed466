//! A customer of the gateway who signs as both providers describe it.

use chrono::DateTime;
use data_encoding::HEXLOWER;
use gateway::{Account, Config, Gateway, Reply, Request, Script, demo};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// 1 June 2026, 08:00 in Beijing.
pub const NOW: i64 = 1_780_272_000_000;
pub const WORDING: &str = "${title}，请点开查看并确认： https://school.example/m/${token}";

pub fn config() -> Config {
    demo("hook-secret", "麻阳中学", &[("SMS_1", "1001", WORDING)])
}

pub fn gateway(script: Script) -> Gateway {
    Gateway::new(config(), script)
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).expect("a key").chain_update(text).finalize().into_bytes().to_vec()
}

/// A request of Aliyun's, all of its parameters in the form.
pub struct Aliyun {
    pub secret: String,
    pub nonce: String,
    pub at: i64,
    pub action: String,
    pub version: String,
    pub params: Vec<(String, String)>,
}

impl Aliyun {
    pub fn new(action: &str, nonce: &str, params: &[(&str, &str)]) -> Self {
        Self {
            secret: "demo-access-key-secret".into(),
            nonce: nonce.into(),
            at: NOW,
            action: action.into(),
            version: "2017-05-25".into(),
            params: params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        }
    }

    /// `SendBatchSms` to these phones, each with a title and a token of its own.
    pub fn batch(nonce: &str, phones: &[String]) -> Self {
        let values: Vec<Value> =
            (0..phones.len()).map(|i| json!({ "title": "秋季运动会", "token": format!("T{i}") })).collect();
        Self::new(
            "SendBatchSms",
            nonce,
            &[
                ("PhoneNumberJson", &json!(phones).to_string()),
                ("SignNameJson", &json!(vec!["麻阳中学"; phones.len()]).to_string()),
                ("TemplateCode", "SMS_1"),
                ("TemplateParamJson", &json!(values).to_string()),
                ("OutId", nonce),
            ],
        )
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.params.retain(|(n, _)| n != name);
        if !value.is_empty() {
            self.params.push((name.into(), value.into()));
        }
        self
    }

    pub fn request(&self) -> Request {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.params).finish();
        let date = DateTime::from_timestamp_millis(self.at)
            .expect("a time")
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let headers: Vec<(String, String)> = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("host", "dysmsapi.aliyuncs.com"),
            ("x-acs-action", &self.action),
            ("x-acs-content-sha256", &hash(body.as_bytes())),
            ("x-acs-date", &date),
            ("x-acs-signature-nonce", &self.nonce),
            ("x-acs-version", &self.version),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .into();
        sign_aliyun("/", headers, body.into_bytes(), &self.secret)
    }
}

/// Signs a request of Aliyun's whose headers are in order.
pub fn sign_aliyun(path: &str, headers: Vec<(String, String)>, body: Vec<u8>, secret: &str) -> Request {
    let names: Vec<&str> = headers.iter().map(|(n, _)| n.as_str()).collect();
    let signed = names.join(";");
    let lines: String = headers.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
    let query = path.split_once('?').map_or("", |(_, q)| q);
    let canonical = format!("POST\n/\n{query}\n{lines}\n{signed}\n{}", hash(&body));
    let signature = HEXLOWER
        .encode(&mac(secret.as_bytes(), &format!("ACS3-HMAC-SHA256\n{}", hash(canonical.as_bytes()))));
    let mut headers = headers;
    headers.push((
        "Authorization".into(),
        format!(
            "ACS3-HMAC-SHA256 Credential=demo-access-key-id,SignedHeaders={signed},Signature={signature}"
        ),
    ));
    Request { method: "POST".into(), path: path.into(), headers, body }
}

/// A request of Tencent's.
pub struct Tencent {
    pub id: String,
    pub secret: String,
    pub at: i64,
    pub action: String,
    pub version: String,
    pub host: String,
    pub service: String,
    pub signed: &'static [&'static str],
    pub body: Value,
}

impl Tencent {
    pub fn new(action: &str, body: Value) -> Self {
        Self {
            id: "demo-secret-id".into(),
            secret: "demo-secret-key".into(),
            at: NOW,
            action: action.into(),
            version: "2021-01-11".into(),
            host: "sms.tencentcloudapi.com".into(),
            service: "sms".into(),
            signed: &["content-type", "host"],
            body,
        }
    }

    pub fn send(phones: &[String], title: &str, token: &str) -> Self {
        Self::new(
            "SendSms",
            json!({
                "PhoneNumberSet": phones, "SmsSdkAppId": "1400006666", "TemplateId": "1001", "SignName": "麻阳中学",
                "TemplateParamSet": [title, token], "SessionContext": token,
            }),
        )
    }

    pub fn set(mut self, name: &str, value: Value) -> Self {
        self.body[name] = value;
        self
    }

    pub fn request(&self) -> Request {
        let body = self.body.to_string();
        let seconds = self.at / 1000;
        let date = DateTime::from_timestamp(seconds, 0).expect("a time").format("%Y-%m-%d").to_string();
        let value = |name: &str| if name == "host" { &self.host } else { "application/json" };
        let lines: String = self.signed.iter().map(|name| format!("{name}:{}\n", value(name))).collect();
        let signed = self.signed.join(";");
        let canonical = format!("POST\n/\n\n{lines}\n{signed}\n{}", hash(body.as_bytes()));
        let scope = format!("{date}/{}/tc3_request", self.service);
        let to_sign = format!("TC3-HMAC-SHA256\n{seconds}\n{scope}\n{}", hash(canonical.as_bytes()));
        let key = mac(format!("TC3{}", self.secret).as_bytes(), &date);
        let key = mac(&mac(&key, &self.service), "tc3_request");
        let signature = HEXLOWER.encode(&mac(&key, &to_sign));
        let headers = [
            ("Host", self.host.clone()),
            ("Content-Type", "application/json".into()),
            ("X-TC-Action", self.action.clone()),
            ("X-TC-Version", self.version.clone()),
            ("X-TC-Timestamp", seconds.to_string()),
            ("X-TC-Region", "ap-guangzhou".into()),
            (
                "Authorization",
                format!(
                    "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
                    self.id
                ),
            ),
        ];
        Request {
            method: "POST".into(),
            path: "/".into(),
            headers: headers.map(|(n, v)| (n.to_owned(), v)).into(),
            body: body.into_bytes(),
        }
    }
}

/// Changes one header of a request that was signed.
pub fn with(mut request: Request, name: &str, value: Option<&str>) -> Request {
    request.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    request.headers.extend(value.map(|v| (name.to_owned(), v.to_owned())));
    request
}

/// Status and JSON of what is answered.
pub fn ask(gateway: &mut Gateway, at: i64, request: &Request) -> (u16, Value) {
    match gateway.handle(at, request).1 {
        Reply::Answer { status, body } => (status, serde_json::from_slice(&body).expect("JSON")),
        other => panic!("{other:?}"),
    }
}

/// The code of a refusal, wherever the provider puts it.
pub fn code(answer: &Value) -> &str {
    let places = ["/Code", "/Response/Error/Code", "/Response/SendStatusSet/0/Code"];
    places.iter().find_map(|p| answer.pointer(p)?.as_str()).unwrap_or("none")
}

pub fn phones(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("199{:08}", 1_000 + i)).collect()
}

/// The accounts' first, to change it.
pub fn account(gateway: &mut Gateway, place: usize) -> &mut Account {
    &mut gateway.config_mut().accounts[place]
}
