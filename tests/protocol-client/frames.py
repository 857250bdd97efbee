"""The frames of docs/protocol.md as Python dicts: `encode` for those of a client, `decode` for those of a server.

A frame is a dict of its fields with `kind` set to its name. A stream is cut into frames by `cut`.
"""

import hashlib
import struct

import flatbuffer

KINDS = {
    1: "Send", 2: "Sent", 3: "Deliver", 4: "Ack", 5: "Receipt", 16: "Hello", 17: "Welcome", 18: "Reauthenticate",
    19: "Ping", 20: "Pong", 21: "GoAway", 22: "Failure", 23: "Refused", 24: "Behind", 25: "MarkRead", 26: "OpenChat",
    27: "ChatOpened", 28: "ListPending", 29: "PendingList", 30: "ReadPage", 31: "Page", 32: "Signal",
}
NUMBERS = {name: number for number, name in KINDS.items()}

MESSAGE = struct.Struct("<IBBH16s16sQQQQIIIHBB")
SENT = struct.Struct("<IBBH16sQQQ")
ACK = struct.Struct("<IBBH16sQ")
RECEIPT = struct.Struct("<IBBH16s16sQQ")
FRAME_BYTES_MAX = 65536

TABLES = {
    "Hello": "version_min:uint16 version_max:uint16 token:string client:string heartbeat_ms:uint32",
    "Welcome": "version:uint16 user:Id device:uint32 generation:uint64 time_ms:uint64 heartbeat_ms:uint32 "
               "frame_bytes_max:uint32 payload_bytes_max:uint32 unanswered_max:uint16 server:string",
    "Reauthenticate": "token:string",
    "Ping": "nonce:uint64",
    "Pong": "nonce:uint64 time_ms:uint64",
    "GoAway": "target:string delay_ms:uint32",
    "Failure": "code:uint16 request:uint32 fatal:bool retry_after_ms:uint32 detail:string",
    "Refused": "chat:Id client_seq:uint64 code:uint16 expected:uint64 retry_after_ms:uint32 device_epoch:uint32",
    "Behind": "chat:Id head:uint64",
    "MarkRead": "chat:Id read_to:uint64",
    "OpenChat": "request:uint32 user:Id",
    "ChatOpened": "request:uint32 chat:Id head:uint64 device_epoch:uint32",
    "ListPending": "request:uint32 after:[ubyte] chats_max:uint16 all:bool",
    "PendingList": "request:uint32 chats:[PendingChat] next:[ubyte] complete:bool caught_up:bool",
    "ReadPage": "request:uint32 chat:Id from:uint64 messages_max:uint16 bytes_max:uint32",
    "Page": "request:uint32 chat:Id from:uint64 to:uint64 first_available:uint64 complete:bool head:uint64 "
            "delivered_to:uint64 read_to:uint64 empty:[EmptyRange]",
    "Signal": "target:Id ttl_ms:uint32 payload:[ubyte]",
}
TABLES = {name: [tuple(field.split(":")) for field in text.split()] for name, text in TABLES.items()}


def user_id(subject):
    """The id of the user whom a token's `sub` names."""
    return hashlib.sha256(b"ringpost user\0" + subject.encode("utf-8")).digest()[:16]


def chat_id(one, other):
    """The id of the one-to-one chat of two users."""
    return hashlib.sha256(b"ringpost chat\0" + min(one, other) + max(one, other)).digest()[:16]


def encode(kind, **fields):
    """The bytes of a client's frame."""
    number = NUMBERS[kind]
    if kind == "Ack":
        return ACK.pack(ACK.size, number, ACK.size // 8, 0, fields["chat"], fields["seq"])
    if kind == "Send":
        return _send(**fields)
    body = flatbuffer.write(fields, TABLES[kind])
    return struct.pack("<IBBH", 8 + len(body), number, 1, 0) + body


def _send(chat, client_seq, message_id, payload=b"", slices=(), device_epoch=0, content_class=0, unanswered=0):
    table = b"".join(struct.pack("<16sII", user, device, len(part)) for user, device, part in slices)
    tail = table + b"".join(part for _, _, part in slices) + payload
    return MESSAGE.pack(MESSAGE.size + len(tail), 1, MESSAGE.size // 8, 0, chat, bytes(16), 0, 0, client_seq, message_id, 0,
                        device_epoch, 0, len(slices), content_class, unanswered) + tail


def cut(stream):
    """The first frame of `stream` and what follows; `(None, stream)` while it is not whole."""
    if len(stream) < 8:
        return None, stream
    frame_bytes, kind, header_words, flags = struct.unpack_from("<IBBH", stream)
    if kind not in KINDS or flags or not 8 <= 8 * header_words <= frame_bytes <= FRAME_BYTES_MAX:
        raise ValueError(f"a wrong prefix: {stream[:8].hex()}")
    if len(stream) < frame_bytes:
        return None, stream
    return stream[:frame_bytes], stream[frame_bytes:]


def decode(frame):
    """The fields of one whole frame of a server."""
    kind = KINDS[frame[4]]
    body = frame[8 * frame[5]:]
    if kind in TABLES:
        fields = flatbuffer.read(body, TABLES[kind])
    elif kind == "Deliver":
        names = "chat sender seq time_ms client_seq message_id sender_device device_epoch reserved slice_count content_class"
        fields = dict(zip(names.split(), MESSAGE.unpack_from(frame)[4:]))
        fields["payload"] = body
    elif kind == "Sent":
        fields = dict(zip(("chat", "client_seq", "seq", "time_ms"), SENT.unpack_from(frame)[4:]))
    elif kind == "Receipt":
        fields = dict(zip(("chat", "user", "delivered_to", "read_to"), RECEIPT.unpack_from(frame)[4:]))
    else:
        raise ValueError(f"a server does not send {kind}")
    return {"kind": kind, **fields}
