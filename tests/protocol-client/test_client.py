"""Checks the client against the golden frames: python3 -m unittest discover tests/protocol-client

With the argument `frames` it prints, for the protocol's own tests, the frames of a client as this client builds them.
"""

import pathlib
import socket
import sys
import unittest

import client
import frames

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "wire" / "golden"
ANN, BOB = frames.user_id("ann"), frames.user_id("bob")
CHAT = frames.chat_id(ANN, BOB)


def golden(name):
    lines = (GOLDEN / f"{name}.hex").read_text().splitlines()
    return bytes.fromhex("".join(line.split(":")[1] for line in lines))


def token(name):
    text = golden(name)
    start = text.index(b"eyJ")
    return text[start:text.index(b"\0", start)].decode("ascii")


def built():
    """Each golden frame of a client, built from its meaning."""
    slices = [(BOB, 1, b"for one"), (BOB, 2, b"for two!")]
    return {
        "hello": frames.encode("Hello", version_min=1, version_max=1, token=token("hello"), client="example 1.0", heartbeat_ms=0),
        "reauthenticate": frames.encode("Reauthenticate", token=token("reauthenticate")),
        "ping": frames.encode("Ping", nonce=77),
        "send": frames.encode("Send", chat=CHAT, client_seq=1, message_id=0x123456789abcdef0, payload=b"Hello, Bob"),
        "send_slices": frames.encode("Send", chat=CHAT, client_seq=2, message_id=0x0fedcba987654321, slices=slices,
                                     device_epoch=7, content_class=1, unanswered=1),
        "ack": frames.encode("Ack", chat=CHAT, seq=1),
        "mark_read": frames.encode("MarkRead", chat=CHAT, read_to=1),
        "open_chat": frames.encode("OpenChat", request=1, user=BOB),
        "list_pending": frames.encode("ListPending", request=1, after=b"", chats_max=100, all=False),
        "read_page": frames.encode("ReadPage", request=2, chat=CHAT, messages_max=100, bytes_max=65536, **{"from": 1}),
        "signal": frames.encode("Signal", target=BOB, ttl_ms=5000, payload=b"typing"),
    }


class Decoding(unittest.TestCase):
    def expect(self, name, **fields):
        self.assertEqual(frames.decode(golden(name)), fields)

    def test_session(self):
        self.expect("welcome", kind="Welcome", version=1, user=ANN, device=1, generation=1700000000020, time_ms=1700000000021,
                    heartbeat_ms=240000, frame_bytes_max=65536, payload_bytes_max=61440, unanswered_max=16,
                    server="ringpost 0.1.0")
        self.expect("pong", kind="Pong", nonce=77, time_ms=1700000240000)
        self.expect("go_away", kind="GoAway", target="edge-2.example:7400", delay_ms=30000)
        self.expect("failure", kind="Failure", code=18, request=0, fatal=True, retry_after_ms=0,
                    detail="the token ended at 1700086400")

    def test_messages(self):
        self.expect("sent", kind="Sent", chat=CHAT, client_seq=1, seq=1, time_ms=1700000001000)
        self.expect("deliver", kind="Deliver", chat=CHAT, sender=ANN, seq=1, time_ms=1700000001000, client_seq=1,
                    message_id=0x123456789abcdef0, sender_device=1, device_epoch=0, reserved=0, slice_count=0, content_class=0,
                    payload=b"Hello, Bob")
        self.assertEqual(frames.decode(golden("deliver_slice"))["payload"], b"for two!")
        self.expect("receipt", kind="Receipt", chat=CHAT, user=BOB, delivered_to=1, read_to=0)
        self.expect("refused", kind="Refused", chat=CHAT, client_seq=5, code=49, expected=3, retry_after_ms=0, device_epoch=0)

    def test_log(self):
        self.expect("chat_opened", kind="ChatOpened", request=1, chat=CHAT, head=0, device_epoch=1)
        self.expect("behind", kind="Behind", chat=CHAT, head=4)
        chat = {"chat": CHAT, "from": 1, "head": 1, "delivered_to": 1, "read_to": 0, "last_time_ms": 1700000001000}
        self.expect("pending_list", kind="PendingList", request=1, chats=[chat], next=b"", complete=True, caught_up=False)
        empty = [{"from": 1, "to": 2, "reason": 4}, {"from": 4, "to": 4, "reason": 2}]
        self.expect("page", kind="Page", request=2, chat=CHAT, to=4, first_available=3, complete=True, head=4, delivered_to=4,
                    read_to=2, empty=empty, **{"from": 1})

    def test_cut_and_damaged_frames_are_errors_not_surprises(self):
        for name in ("welcome", "page", "pending_list"):
            whole = golden(name)
            for end in range(9, len(whole)):
                self.assertEqual(frames.cut(whole[:end]), (None, whole[:end]))
                try:
                    frames.decode(whole[:end])
                except ValueError:
                    pass


class Conversation(unittest.TestCase):
    """The client against a peer that has written its answers beforehand."""

    def session(self, *answers):
        ours, self.peer = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(self.peer.close)
        self.peer.sendall(golden("welcome") + b"".join(answers))
        return client.Session(ours, token("hello"))

    def said(self):
        stream, found = self.peer.recv(1 << 20), []
        while stream:
            frame, stream = frames.cut(stream)
            found.append(frame)
        return found

    def test_a_message_is_sent(self):
        session = self.session(golden("chat_opened"), golden("sent"))
        answers = list(client.send(session, "bob", ["Hello, Bob"], seed=1))
        self.assertEqual([answer["seq"] for answer in answers], [1])
        hello, open_chat, send = self.said()
        self.assertEqual([hello[4], send[4]], [16, 1])
        self.assertEqual(open_chat, built()["open_chat"])
        self.assertEqual(send[88:], b"Hello, Bob")

    def test_a_pending_message_is_read_and_acknowledged(self):
        session = self.session(golden("pending_list"), golden("deliver"))
        received = []
        client.receive(session, 1, received.append)
        self.assertEqual(received[0]["payload"], b"Hello, Bob")
        self.assertEqual(self.said()[2:], [built()["read_page"], built()["ack"]])

    def test_empty_ranges_and_early_messages_keep_their_order(self):
        inbox = client.Inbox()
        inbox.next[CHAT] = 1
        early = {"chat": CHAT, "seq": 3}
        self.assertEqual(list(inbox.deliver(early)), [])
        self.assertEqual(inbox.gaps(), {CHAT})
        self.assertEqual(list(inbox.covered(frames.decode(golden("page")))), [early])
        self.assertEqual(inbox.next[CHAT], 5)
        self.assertEqual(list(inbox.deliver(early)), [])

    def test_a_load_refusal_and_a_gap_go_back_and_a_stale_gap_does_not(self):
        outbox = {5: None, 6: None}
        refused = {"client_seq": 5, "code": 56, "retry_after_ms": 0, "expected": 0}
        self.assertEqual(client.send_again_from(refused, outbox, 7), 5)
        self.assertEqual(client.send_again_from({**refused, "code": 49, "expected": 6}, outbox, 7), 6)
        self.assertEqual(client.send_again_from({**refused, "code": 49, "expected": 4}, outbox, 7), 7)
        with self.assertRaises(client.Refusal):
            client.send_again_from({**refused, "code": 51}, outbox, 7)


if __name__ == "__main__":
    if sys.argv[1:] == ["frames"]:
        for name, frame in built().items():
            print(name, frame.hex())
    else:
        unittest.main()
