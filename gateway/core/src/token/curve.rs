//! Whether bytes are a point of a curve: asked once, when a public key is read, so that a useless or weak one is refused by its reason.
//!
//! Arithmetic modulo a prime on public numbers only: slow, and not in constant time. No signature is verified with it.

use super::key::KeyError;

/// 256 bits, the lowest 64 first.
type Number = [u64; 4];

const ZERO: Number = [0; 4];
const ONE: Number = [1, 0, 0, 0];

/// 2^255 - 19 (RFC 8032, 5.1).
const P25519: Field = Field([
    0xffff_ffff_ffff_ffed,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
]);
/// Half of that prime less one: what has a root, to this power, is 1 (Euler's criterion).
const P25519_HALF: Number = [
    0xffff_ffff_ffff_fff6,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0x3fff_ffff_ffff_ffff,
];
/// The constant d of Ed25519 (RFC 8032, 5.1).
const D25519: Number = [
    0x75eb_4dca_1359_78a3,
    0x0070_0a4d_4141_d8ab,
    0x8cc7_4079_7779_e898,
    0x5203_6cee_2b6f_fe73,
];
/// The ordinate of half of Ed25519's points of order 8; that of the others is its negative.
const ORDER_8: Number = [
    0xb027_b2c2_8f95_e826,
    0xf098_eff2_89f4_c345,
    0x3933_c6d3_05ac_dfd5,
    0x05fc_536d_8802_38b1,
];

/// The prime of P-256 (SP 800-186, 3.2.1.3).
const P256: Field = Field([
    0xffff_ffff_ffff_ffff,
    0x0000_0000_ffff_ffff,
    0,
    0xffff_ffff_0000_0001,
]);
/// The constant b of P-256.
const B256: Number = [
    0x3bce_3c3e_27d2_604b,
    0x651d_06b0_cc53_b0f6,
    0xb3eb_bd55_7698_86bc,
    0x5ac6_35d8_aa3a_93e7,
];

/// Checks a public key of Ed25519: an ordinate below the prime, little-endian, with the sign of the other coordinate on top.
///
/// # Errors
/// No point has this encoding, or one whose order divides 8.
pub(super) fn check_ed25519(encoded: &[u8; 32]) -> Result<(), KeyError> {
    let field = P25519;
    let mut y = number(encoded.as_chunks().0, u64::from_le_bytes);
    y[3] &= u64::MAX >> 1;
    if !field.holds(&y) {
        return Err(KeyError::NotOnCurve);
    }
    let small = [ZERO, ONE, ORDER_8];
    if small.contains(&y) || small.contains(&field.negate(&y)) {
        return Err(KeyError::LowOrder);
    }
    // x^2 = (y^2 - 1) / (d y^2 + 1): the quotient has a root if the product has.
    let square = field.multiply(&y, &y);
    let above = field.add(&square, &field.negate(&ONE));
    let below = field.add(&field.multiply(&D25519, &square), &ONE);
    let product = field.multiply(&above, &below);
    let has_root = field.power(&product, &P25519_HALF) == ONE;
    has_root.then_some(()).ok_or(KeyError::NotOnCurve)
}

/// Checks the two coordinates, big-endian, of a public key of P-256.
///
/// # Errors
/// They are no point.
pub(super) fn check_p256(coordinates: &[u8; 64]) -> Result<(), KeyError> {
    let field = P256;
    let (words, _) = coordinates.as_chunks();
    let coordinate = |words: &[[u8; 8]]| {
        let [d, c, b, a] = number(words, u64::from_be_bytes);
        [a, b, c, d]
    };
    let (x, y) = (coordinate(&words[..4]), coordinate(&words[4..]));
    if !field.holds(&x) || !field.holds(&y) {
        return Err(KeyError::NotOnCurve);
    }
    // y^2 = x^3 - 3 x + b
    let three_x = field.add(&x, &field.add(&x, &x));
    let cube = field.multiply(&x, &field.multiply(&x, &x));
    let right = field.add(&field.add(&cube, &field.negate(&three_x)), &B256);
    let is_point = field.multiply(&y, &y) == right;
    is_point.then_some(()).ok_or(KeyError::NotOnCurve)
}

fn number(words: &[[u8; 8]], word: fn([u8; 8]) -> u64) -> Number {
    std::array::from_fn(|index| word(words[index]))
}

/// The numbers below a prime.
struct Field(Number);

impl Field {
    fn holds(&self, a: &Number) -> bool {
        subtract(a, &self.0).1
    }

    fn add(&self, a: &Number, b: &Number) -> Number {
        let (sum, is_over) = sum(a, b);
        let (less, is_below) = subtract(&sum, &self.0);
        if is_below && !is_over { sum } else { less }
    }

    fn negate(&self, a: &Number) -> Number {
        if *a == ZERO {
            return ZERO;
        }
        subtract(&self.0, a).0
    }

    fn multiply(&self, a: &Number, b: &Number) -> Number {
        bits(b).fold(ZERO, |product, bit| {
            let twice = self.add(&product, &product);
            if bit { self.add(&twice, a) } else { twice }
        })
    }

    fn power(&self, a: &Number, exponent: &Number) -> Number {
        bits(exponent).fold(ONE, |power, bit| {
            let square = self.multiply(&power, &power);
            if bit {
                self.multiply(&square, a)
            } else {
                square
            }
        })
    }
}

/// The bits of a number, the highest first.
fn bits(a: &Number) -> impl Iterator<Item = bool> {
    (0..256).rev().map(|bit| a[bit / 64] >> (bit % 64) & 1 == 1)
}

/// The sum without its 257th bit, and whether there is one.
fn sum(a: &Number, b: &Number) -> (Number, bool) {
    let mut is_over = false;
    let sum = std::array::from_fn(|index| {
        let (word, first) = a[index].overflowing_add(b[index]);
        let (word, second) = word.overflowing_add(u64::from(is_over));
        is_over = first || second;
        word
    });
    (sum, is_over)
}

/// The difference modulo 2^256, and whether `b` is larger.
fn subtract(a: &Number, b: &Number) -> (Number, bool) {
    let mut is_below = false;
    let difference = std::array::from_fn(|index| {
        let (word, first) = a[index].overflowing_sub(b[index]);
        let (word, second) = word.overflowing_sub(u64::from(is_below));
        is_below = first || second;
        word
    });
    (difference, is_below)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::token::{Algorithm, TokenSigner};

    #[test]
    fn arithmetic_holds_at_the_ends_of_a_field() {
        for field in [P25519, P256] {
            let last = field.negate(&ONE);
            assert!(field.holds(&last) && !field.holds(&field.0) && !field.holds(&[u64::MAX; 4]));
            assert_eq!(field.add(&last, &ONE), ZERO);
            assert_eq!(field.add(&last, &last), field.negate(&[2, 0, 0, 0]));
            assert_eq!(field.multiply(&last, &last), ONE);
            assert_eq!(field.power(&last, &[3, 0, 0, 0]), last);
            assert_eq!(field.negate(&ZERO), ZERO);
        }
    }

    #[test]
    fn every_public_key_is_a_point_and_any_other_bit_is_none_of_p256() {
        for seed in 0..16 {
            let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes");
            let public = pair.public_key().as_ref().try_into().expect("32 bytes");
            assert_eq!(check_ed25519(public), Ok(()));
            let random = std::sync::Arc::new(SystemRandom::new());
            let signer = TokenSigner::generate(None, Algorithm::Es256, random).expect("randomness");
            let public = signer.public().expect("a public key");
            let coordinates: [u8; 64] = public[1..].try_into().expect("two coordinates");
            assert_eq!(check_p256(&coordinates), Ok(()));
            for bit in 0..512 {
                let mut other = coordinates;
                other[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(check_p256(&other), Err(KeyError::NotOnCurve), "{bit}");
            }
        }
    }

    #[test]
    fn half_of_all_ordinates_are_of_ed25519() {
        let is_point = |y: &u8| check_ed25519(&[*y; 32]).is_ok();
        let points = (2..128).filter(is_point).count();
        assert!((40..86).contains(&points), "{points}");
    }

    #[test]
    fn an_ordinate_past_the_prime_is_no_encoding() {
        for low in 0xed..=0xff_u8 {
            for high in [0x7f, 0xff] {
                let mut encoded = [0xff; 32];
                (encoded[0], encoded[31]) = (low, high);
                assert_eq!(check_ed25519(&encoded), Err(KeyError::NotOnCurve));
            }
        }
    }
}
