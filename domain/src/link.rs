//! Parents' links: a token that names one delivery and cannot be guessed.
//!
//! `base64url(key id ‖ delivery id ‖ tag)`: 1 + 7 + 16 bytes are 32
//! characters. The tag is HMAC-SHA256 cut to 128 bits, with the purpose in
//! the MAC so that no other signed value can pass as a link. Expiry and
//! revocation stand in the database.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::{MessageId, PhoneId};

/// Which SMS of which message to which phone: a delivery's primary key.
///
/// It packs into 56 bits, so that it fits the token without a further index
/// on the largest table: 24 bits for the message, 2 for the round, 30 for the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryId {
    /// The message.
    pub message: MessageId,
    /// 0 is the sending; 1 to 3 are reminders and resends (I4).
    pub round: u8,
    /// The phone.
    pub phone: PhoneId,
}

const PHONE_BITS: u32 = 30;
const ROUND_BITS: u32 = 2;
const MESSAGE_BITS: u32 = 24;
/// Bytes of the packed id.
const ID_BYTES: usize = 7;
/// Bytes of the tag: 128 bits (ASVS 11.2.3).
const TAG_BYTES: usize = 16;
/// Characters of a token.
pub const TOKEN_CHARS: usize = 32;

impl DeliveryId {
    fn pack(self) -> Option<[u8; ID_BYTES]> {
        let message = u64::try_from(self.message.0).ok().filter(|m| m >> MESSAGE_BITS == 0)?;
        let phone = u64::try_from(self.phone.0).ok().filter(|p| p >> PHONE_BITS == 0)?;
        if self.round >> ROUND_BITS != 0 {
            return None;
        }
        let packed = message << (PHONE_BITS + ROUND_BITS) | u64::from(self.round) << PHONE_BITS | phone;
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&packed.to_be_bytes()[1..]);
        Some(id)
    }

    fn unpack(id: [u8; ID_BYTES]) -> Self {
        let packed = id.iter().fold(0u64, |all, b| all << 8 | u64::from(*b));
        Self {
            message: MessageId((packed >> (PHONE_BITS + ROUND_BITS)) as i64),
            round: (packed >> PHONE_BITS & ((1 << ROUND_BITS) - 1)) as u8,
            phone: PhoneId((packed & ((1 << PHONE_BITS) - 1)) as i64),
        }
    }
}

/// A key for links. Two are live while one replaces the other.
#[derive(Clone)]
pub struct LinkKey {
    /// Its number, in the token.
    pub id: u8,
    /// 32 secret bytes.
    pub secret: Vec<u8>,
}

impl LinkKey {
    fn mac(&self, id: &[u8; ID_BYTES]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(b"xiaoxun/link/v1");
        mac.update(&[self.id]);
        mac.update(id);
        Some(mac)
    }

    /// Signs a delivery's token; `None` where an id is too large to pack.
    pub fn sign(&self, delivery: DeliveryId) -> Option<String> {
        let id = delivery.pack()?;
        let tag = self.mac(&id)?.finalize().into_bytes();
        let mut raw = Vec::with_capacity(1 + ID_BYTES + TAG_BYTES);
        raw.push(self.id);
        raw.extend_from_slice(&id);
        raw.extend_from_slice(&tag[..TAG_BYTES]);
        Some(BASE64URL_NOPAD.encode(&raw))
    }
}

/// Reads a token signed with one of the live keys, in constant time for the tag.
pub fn verify(keys: &[LinkKey], token: &str) -> Option<DeliveryId> {
    if token.len() != TOKEN_CHARS {
        return None;
    }
    let raw = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    let (key_id, rest) = raw.split_first()?;
    let (id, tag) = rest.split_at_checked(ID_BYTES)?;
    let id: [u8; ID_BYTES] = id.try_into().ok()?;
    let key = keys.iter().find(|k| k.id == *key_id)?;
    key.mac(&id)?.verify_truncated_left(tag).ok()?;
    (tag.len() == TAG_BYTES).then(|| DeliveryId::unpack(id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(id: u8, byte: u8) -> LinkKey {
        LinkKey { id, secret: vec![byte; 32] }
    }

    /// Parents keep the SMS with the link: the format may never change.
    #[test]
    fn token_v1_format_unchanged() {
        let id = DeliveryId { message: MessageId(12), round: 1, phone: PhoneId(345) };
        let token = key(1, 7).sign(id).expect("fits");
        assert_eq!(token.len(), TOKEN_CHARS);
        assert_eq!(&token[..10], "AQAADEAAAV");
        assert_eq!(verify(&[key(2, 9), key(1, 7)], &token), Some(id));
    }

    #[test]
    fn a_key_must_be_live_and_the_right_one() {
        let id = DeliveryId { message: MessageId(1), round: 0, phone: PhoneId(1) };
        let token = key(1, 7).sign(id).expect("fits");
        assert_eq!(verify(&[key(2, 7)], &token), None);
        assert_eq!(verify(&[key(1, 8)], &token), None);
        assert_eq!(verify(&[], &token), None);
    }

    proptest! {
        #[test]
        fn every_id_reads_back(message in 0i64..1 << 24, round in 0u8..4, phone in 0i64..1 << 30) {
            let id = DeliveryId { message: MessageId(message), round, phone: PhoneId(phone) };
            let token = key(3, 1).sign(id).expect("fits");
            prop_assert_eq!(verify(&[key(3, 1)], &token), Some(id));
        }

        #[test]
        fn no_changed_character_passes(at in 0usize..32, to in "[A-Za-z0-9_-]") {
            let id = DeliveryId { message: MessageId(5), round: 0, phone: PhoneId(77) };
            let token = key(3, 1).sign(id).expect("fits");
            let mut forged = token.clone();
            forged.replace_range(at..=at, &to);
            prop_assume!(forged != token);
            prop_assert_eq!(verify(&[key(3, 1)], &forged), None);
        }

        #[test]
        fn nothing_panics(token in "\\PC{0,40}") {
            prop_assert_eq!(verify(&[key(3, 1)], &token), None);
        }
    }
}
