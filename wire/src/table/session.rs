//! Frames of the session itself: hello and welcome, a newer token, heartbeat, and the request to leave.

use super::codec::{clipped, encode, id, refusable, root, text};
use crate::frame::{FrameError, FrameKind};
use crate::generated::ringpost::wire as generated;
use crate::limits::{CLOCK_MS_MAX, TOKEN_BYTES_MAX};
use crate::{DeviceAddress, UserId};

/// First frame of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Oldest protocol version that the client speaks.
    pub version_min: u16,
    /// Newest protocol version that the client speaks.
    pub version_max: u16,
    /// Session token: a JWT of at most 2 kB.
    pub token: &'a str,
    /// Name and version of the client software, for logs; may be empty.
    pub client: &'a str,
    /// Heartbeat interval that the client wishes, in milliseconds; 0 leaves it to the server.
    pub heartbeat_ms: u32,
}

/// The session is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome<'a> {
    /// The protocol version of this session.
    pub version: u16,
    /// Who the server takes the client for.
    pub device: DeviceAddress,
    /// Generation of the session: a later session of the device has a higher one.
    pub generation: u64,
    /// The server's time, in milliseconds since 1970.
    pub time_ms: u64,
    /// Heartbeat interval: the client pings when it sent nothing for so long, in milliseconds.
    pub heartbeat_ms: u32,
    /// Largest frame, in bytes.
    pub frame_bytes_max: u32,
    /// Largest payload, in bytes.
    pub payload_bytes_max: u32,
    /// Unanswered sends allowed a chat.
    pub unanswered_max: u16,
    /// Name and version of the server software; may be empty.
    pub server: &'a str,
}

/// A newer token for the running session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reauthenticate<'a> {
    /// Session token.
    pub token: &'a str,
}

/// Heartbeat of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Any number; comes back in the answer.
    pub nonce: u64,
}

/// Answer to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pong {
    /// The number of the `Ping`.
    pub nonce: u64,
    /// The server's time, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Request to leave this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoAway<'a> {
    /// Address to connect to instead; empty for the same as before.
    pub target: &'a str,
    /// Leave within this time, in milliseconds.
    pub delay_ms: u32,
}

fn token(token: &str) -> Result<&str, FrameError> {
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
        return Err(FrameError::Malformed { what: "token" });
    }
    Ok(token)
}

impl<'a> Hello<'a> {
    /// Appends the frame. The token must keep its limit, else the peer refuses the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Hello, out, |builder| {
            let args = generated::HelloArgs {
                version_min: self.version_min,
                version_max: self.version_max,
                token: Some(builder.create_string(refusable(self.token, TOKEN_BYTES_MAX))),
                client: Some(builder.create_string(clipped(self.client))),
                heartbeat_ms: self.heartbeat_ms,
            };
            generated::Hello::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Hello<'a>>(frame, FrameKind::Hello)?;
        if table.version_min() == 0 || table.version_min() > table.version_max() {
            return Err(FrameError::Malformed { what: "version" });
        }
        Ok(Self {
            version_min: table.version_min(),
            version_max: table.version_max(),
            token: token(table.token())?,
            client: text(table.client())?,
            heartbeat_ms: table.heartbeat_ms(),
        })
    }
}

impl<'a> Welcome<'a> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Welcome, out, |builder| {
            let args = generated::WelcomeArgs {
                version: self.version,
                user: Some(&id(self.device.user.0)),
                device: self.device.device,
                generation: self.generation,
                time_ms: self.time_ms,
                heartbeat_ms: self.heartbeat_ms,
                frame_bytes_max: self.frame_bytes_max,
                payload_bytes_max: self.payload_bytes_max,
                unanswered_max: self.unanswered_max,
                server: Some(builder.create_string(clipped(self.server))),
            };
            generated::Welcome::create(builder, &args)
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Welcome<'a>>(frame, FrameKind::Welcome)?;
        if table.time_ms() > CLOCK_MS_MAX || table.heartbeat_ms() == 0 || table.device() == 0 {
            return Err(FrameError::Malformed {
                what: "time_ms, heartbeat_ms or device",
            });
        }
        Ok(Self {
            version: table.version(),
            device: DeviceAddress {
                user: UserId(table.user().0),
                device: table.device(),
            },
            generation: table.generation(),
            time_ms: table.time_ms(),
            heartbeat_ms: table.heartbeat_ms(),
            frame_bytes_max: table.frame_bytes_max(),
            payload_bytes_max: table.payload_bytes_max(),
            unanswered_max: table.unanswered_max(),
            server: text(table.server())?,
        })
    }
}

impl<'a> Reauthenticate<'a> {
    /// Appends the frame. The token must keep its limit, else the peer refuses the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Reauthenticate, out, |builder| {
            let token = Some(builder.create_string(refusable(self.token, TOKEN_BYTES_MAX)));
            generated::Reauthenticate::create(builder, &generated::ReauthenticateArgs { token })
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        Ok(Self {
            token: token(
                root::<generated::Reauthenticate<'a>>(frame, FrameKind::Reauthenticate)?.token(),
            )?,
        })
    }
}

impl Ping {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Ping, out, |builder| {
            generated::Ping::create(builder, &generated::PingArgs { nonce: self.nonce })
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        Ok(Self {
            nonce: root::<generated::Ping<'_>>(frame, FrameKind::Ping)?.nonce(),
        })
    }
}

impl Pong {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::Pong, out, |builder| {
            generated::Pong::create(
                builder,
                &generated::PongArgs {
                    nonce: self.nonce,
                    time_ms: self.time_ms,
                },
            )
        });
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let table = root::<generated::Pong<'_>>(frame, FrameKind::Pong)?;
        Ok(Self {
            nonce: table.nonce(),
            time_ms: table.time_ms(),
        })
    }
}

impl<'a> GoAway<'a> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(FrameKind::GoAway, out, |builder| {
            let target = Some(builder.create_string(clipped(self.target)));
            generated::GoAway::create(
                builder,
                &generated::GoAwayArgs {
                    target,
                    delay_ms: self.delay_ms,
                },
            )
        });
    }

    pub(crate) fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let table = root::<generated::GoAway<'a>>(frame, FrameKind::GoAway)?;
        Ok(Self {
            target: text(table.target())?,
            delay_ms: table.delay_ms(),
        })
    }
}
