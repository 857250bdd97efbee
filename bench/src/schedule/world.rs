//! The world's day: every constant of the model, with its source or the word "assumption". Explained in `docs/scenarios.md`.
//!
//! Sources are public statements and papers: publisher and year. Nothing here was measured by this project.

/// Users that are active on a day. WhatsApp, 2017 ("a billion people a day"); more now, kept round.
pub const USERS: u32 = 1_000_000_000;

/// Messages sent a day. Facebook, earnings call of October 2020: about 100 billion a day.
pub const MESSAGES_PER_DAY: f64 = 100e9;

/// Messages that a user sends a day: the quotient.
pub const MESSAGES_PER_USER_AND_DAY: f64 = MESSAGES_PER_DAY / USERS as f64;

/// A row of time zones taken as one.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// The largest countries in it.
    pub name: &'static str,
    /// Local time ahead of UTC, in minutes: a multiple of the curve's slot.
    pub ahead_min: i32,
    /// Share of the users.
    pub share: f64,
}

/// Shares of the users by time zone. India, Brazil, Indonesia, the United States and Russia after their users in 2021 (World
/// Population Review, 2023: 488, 119, 85, 80 and 67 million, of 2 billion); the others: assumption, after population.
pub const REGIONS: [Region; 15] = [
    region("India, Sri Lanka", 330, 0.24),
    region("Pakistan, Uzbekistan", 300, 0.04),
    region("Bangladesh, Kyrgyzstan", 360, 0.03),
    region("Indonesia (west), Thailand", 420, 0.06),
    region("Malaysia, Singapore, Philippines", 480, 0.04),
    region("Japan, Korea, Australia (east)", 540, 0.01),
    region("Turkey, Saudi Arabia, Russia (west), Kenya", 180, 0.10),
    region("Emirates, Oman", 240, 0.02),
    region("Egypt, South Africa, Israel", 120, 0.09),
    region("Germany, Italy, Spain, Nigeria", 60, 0.13),
    region("United Kingdom, Portugal, Ghana", 0, 0.04),
    region("Brazil, Argentina", -180, 0.09),
    region("Chile, Venezuela, Bolivia", -240, 0.02),
    region("Colombia, Peru, United States (east)", -300, 0.05),
    region("Mexico, Guatemala, United States (central)", -360, 0.04),
];

const fn region(name: &'static str, ahead_min: i32, share: f64) -> Region {
    Region {
        name,
        ahead_min,
        share,
    }
}

/// Messages by hour of local time, in proportion; each stands at half past, between them the curve is straight. Assumption,
/// shaped after the Online Status Monitor, 2014 (a thousand users of WhatsApp in ten countries): use begins at six, reaches a
/// plateau about noon and holds it until the evening.
pub const MESSAGES_BY_HOUR: [f64; 24] = [
    0.45, 0.22, 0.12, 0.08, 0.08, 0.15, 0.40, 0.75, 1.05, 1.20, 1.28, 1.35, 1.42, 1.42, 1.38, 1.38,
    1.40, 1.45, 1.52, 1.62, 1.72, 1.70, 1.40, 0.90,
];

/// Messages a second at a region's midnight of the new year, in ordinary peaks. Assumption, made so that the day has about a
/// seventh more than an ordinary one: 75 billion on New Year's Eve of 2018 (WhatsApp, January 2019) beside 65 billion on ordinary
/// days of that year (Facebook, May 2018). That the wave breaks at each zone's midnight: IEEE Spectrum on Messenger, 2018.
pub const NEW_YEAR_PEAKS: f64 = 5.0;

/// Time in which the wave falls to 1/e, in minutes. Assumption, with the one above.
pub const NEW_YEAR_DECAY_MIN: f64 = 20.0;

/// Sessions of a user a day. Reed, "That's 'Billion' with a 'B'", Erlang Factory 2014: 230,000 logins a second at the peak, which is 1.5
/// of the mean by the messages' 342,000 at the peak to 19 billion a day; 70 % of 465 million users a day (Facebook, 2014). The talk's
/// figures are not checked against its slides: an assumption until then.
pub const SESSIONS_PER_USER_AND_DAY: f64 = 41.0;

/// Mean length of a session, in seconds. Same talk: 147 million sessions at the peak, over 230,000 logins a second.
pub const SESSION_S_MEAN: f64 = 640.0;

/// One-to-one chats of a user that are in use: half with the users on one side of it, half with those on the other. Assumption;
/// Wang and Zhu, "Temporal pattern of communication", 2014, find that users write to about 2 of their friends only.
pub const CHATS_PER_SIDE: u32 = 10;

/// Exponent of the shares of a user's chats by their rank. Assumption; that a few strong ties and many weak ones are universal:
/// Iniguez and others, "Universal patterns in egocentric communication networks", 2023.
pub const CHAT_EXPONENT: f64 = 1.0;

/// Median length of a text, in bytes. With the deviation below the mean is 40 bytes: 7.3 tokens a message ("What's up,
/// Switzerland?", University of Zurich: 5.5 million tokens in 750,000 messages) of five and a half bytes each (assumption).
pub const TEXT_BYTES_MEDIAN: f64 = 25.0;

/// Standard deviation of the logarithm of a text's length. Assumption.
pub const TEXT_SIGMA: f64 = 0.97;

/// Longest text, in bytes. Assumption.
pub const TEXT_BYTES_MAX: u32 = 16_384;

/// Share of voice messages. WhatsApp, 2022: 7 billion a day, of 100 billion.
pub const VOICE_SHARE: f64 = 0.07;

/// Share of photos and videos. WhatsApp, July 2017: 4.5 and 1 billion a day, of 55 billion.
pub const PICTURE_SHARE: f64 = 0.10;

/// Bytes of a reference to media: address, key, hashes, type and length. Assumption; a voice message is one.
pub const REFERENCE_BYTES: u32 = 350;

/// Median size of the preview in a picture's message, in bytes. Assumption.
pub const PREVIEW_BYTES_MEDIAN: f64 = 1_200.0;

/// Standard deviation of the logarithm of a preview's size. Assumption.
pub const PREVIEW_SIGMA: f64 = 0.5;

/// Largest preview, in bytes. Assumption.
pub const PREVIEW_BYTES_MAX: u32 = 8_192;

/// Bytes that the application's format puts around a content. Assumption.
pub const CONTENT_BYTES: u32 = 24;

/// Most bytes of random padding, from 1. As WhatsApp's clients do (whatsmeow, an open client for it).
pub const PADDING_BYTES_MAX: u32 = 15;

/// Block of the cipher, in bytes; the padding of PKCS #7 adds 1 to 16. Signal's Double Ratchet with AES-256 in CBC mode, 2016.
pub const BLOCK_BYTES: u32 = 16;

/// What a ratchet message has beside its blocks: version 1, key 35, two counters 4, length 3, authenticator 8. Signal's format.
pub const RATCHET_BYTES: u32 = 51;

/// Share of the users that send read receipts. Assumption.
pub const READ_RECEIPT_SHARE: f64 = 0.85;

/// Mean time from having a message, connected, to its receipt, in seconds; exponential. Assumption.
pub const READ_DELAY_S_MEAN: f64 = 30.0;

/// Typing signals before a text. Assumption: one at its beginning, none for media; a text that takes longer has no second one.
pub const TYPING_PER_TEXT: u32 = 1;

/// The users of a share of the world.
pub fn users(factor: f64) -> u32 {
    (f64::from(USERS) * factor).round() as u32
}

/// Cuts users 0 to `users` into the regions, in their order: where each ends.
pub fn region_ends(users: u32) -> [u32; REGIONS.len()] {
    let mut share = 0.0;
    REGIONS.map(|region| {
        share += region.share;
        ((f64::from(users) * share).round() as u32).min(users)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::SLOT_S;

    #[test]
    fn shares_are_whole_and_zones_on_slots() {
        let total: f64 = REGIONS.iter().map(|region| region.share).sum();
        assert!((total - 1.0).abs() < 1e-9);
        for region in REGIONS {
            assert_eq!(region.ahead_min * 60 % SLOT_S as i32, 0);
        }
        for users in [1, 100, 12_345, USERS] {
            assert_eq!(region_ends(users)[REGIONS.len() - 1], users);
        }
        let (text, voice_and_pictures) = (0.83, VOICE_SHARE + PICTURE_SHARE);
        assert!((text + voice_and_pictures - 1.0_f64).abs() < 1e-9);
    }
}
