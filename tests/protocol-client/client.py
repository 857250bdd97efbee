#!/usr/bin/env python3
"""A small client of the protocol, written from docs/protocol.md alone: Python 3, standard library only.

    client.py token   --secret-file FILE --subject ann --device 1
    client.py send    --address HOST:PORT --token TOKEN --to bob [--first N] TEXT...
    client.py receive --address HOST:PORT --token TOKEN --count N

`send` prints a JSON line for each Sent, `receive` one for each message, acknowledged after it is printed. The exit code is 0 when all
was done, 1 when the server refused something (a JSON line says what), 2 when the connection ended before. `send` keeps no outbox: it
numbers from --first, and a run that is repeated with the same --first, --seed and texts is safe.
"""

import argparse
import base64
import hashlib
import hmac
import json
import random
import socket
import sys
import time

import frames

UNANSWERED_MAX = 16
ACK_MESSAGES = 16


class Refusal(Exception):
    """The server said no; holds the frame."""


class Session:
    """A live session over a connected socket: frames out and in, one at a time."""

    def __init__(self, connection, token):
        self.connection = connection
        self.stream = b""
        self.request = 0
        self.put("Hello", version_min=1, version_max=1, token=token, client="protocol-client", heartbeat_ms=0)
        self.welcome = self.take()
        if self.welcome["kind"] != "Welcome":
            raise Refusal(self.welcome)

    def put(self, kind, **fields):
        self.connection.sendall(frames.encode(kind, **fields))

    def ask(self, kind, **fields):
        """Sends a request; its number is in the answer."""
        self.request += 1
        self.put(kind, request=self.request, **fields)
        return self.request

    def take(self):
        """The next frame of the server."""
        while True:
            frame, self.stream = frames.cut(self.stream)
            if frame is not None:
                fields = frames.decode(frame)
                if fields["kind"] == "Failure":
                    raise Refusal(fields)
                return fields
            received = self.connection.recv(65536)
            if not received:
                raise ConnectionError("the server closed the connection")
            self.stream += received


def make_token(secret, subject, device, seconds=3600):
    """A session token, signed with HS256."""
    def text(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    now = int(time.time())
    claims = {"sub": subject, "did": device, "aud": "ringpost", "iat": now, "exp": now + seconds}
    signed = text(b'{"alg":"HS256","typ":"JWT"}') + b"." + text(json.dumps(claims).encode("utf-8"))
    return (signed + b"." + text(hmac.new(secret, signed, hashlib.sha256).digest())).decode("ascii")


def tell(**fields):
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}
    print(json.dumps(plain), flush=True)


def send(session, subject, texts, first=1, seed=None):
    """Opens the chat with `subject`, sends all texts, and yields the Sent of each in order."""
    request = session.ask("OpenChat", user=frames.user_id(subject))
    while True:
        opened = session.take()
        if opened["kind"] == "ChatOpened" and opened["request"] == request:
            break
    chat = opened["chat"]
    source = random.Random(seed) if seed is not None else random.SystemRandom()
    outbox = {first + index: (source.getrandbits(64), text.encode("utf-8")) for index, text in enumerate(texts)}
    following = first
    while outbox:
        while following < first + len(texts) and following - min(outbox) < UNANSWERED_MAX:
            message_id, payload = outbox[following]
            session.put("Send", chat=chat, client_seq=following, message_id=message_id, payload=payload,
                        unanswered=following - min(outbox))
            following += 1
        answer = session.take()
        if answer.get("chat") != chat:
            continue
        if answer["kind"] == "Sent" and outbox.pop(answer["client_seq"], None):
            yield answer
        elif answer["kind"] == "Refused":
            following = send_again_from(answer, outbox, following)


def send_again_from(refused, outbox, following):
    """The number to go on with after a refusal for load or a gap; any other refusal is raised."""
    code, number = refused["code"], refused["client_seq"]
    if 56 <= code <= 60 and number in outbox:
        time.sleep(refused["retry_after_ms"] / 1000)
        return min(following, number)
    if code == 49:
        stale = refused["expected"] < min(outbox)
        return following if stale else min(following, refused["expected"])
    raise Refusal(refused)


class Inbox:
    """What a device has of each chat: messages in order, each once. Iterators are lazy: `next` passes a message when it
    is handed out."""

    def __init__(self):
        self.next = {}
        self.early = {}

    def deliver(self, message):
        """Takes a Deliver; yields the messages whose turn it is."""
        chat = message["chat"]
        if message["seq"] >= self.next.setdefault(chat, message["seq"]):
            self.early[chat, message["seq"]] = message
        yield from self.in_order(chat)

    def in_order(self, chat):
        while (chat, self.next[chat]) in self.early:
            message = self.early.pop((chat, self.next[chat]))
            self.next[chat] += 1
            yield message

    def covered(self, page):
        """Takes a Page; numbers without content count as received."""
        chat = page["chat"]
        for empty in page["empty"]:
            yield from self.in_order(chat)
            if empty["from"] <= self.next[chat] <= empty["to"]:
                self.next[chat] = empty["to"] + 1
        yield from self.in_order(chat)
        if self.next[chat] <= page["to"]:
            raise ValueError(f"a page left out {self.next[chat]}")

    def gaps(self):
        """Chats in which a message came before its turn."""
        return {chat for chat, _ in self.early}


class Receiver:
    """Lists pending chats, reads them and takes what is pushed, as section 9 says."""

    def __init__(self, session):
        self.session = session
        self.inbox = Inbox()
        self.heads = {}
        self.reading = None
        self.held = []
        self.unacknowledged = {}
        self.first_pass_done = False
        self.caught_up = False
        self.wait_s = 0.05
        self.listing = None
        self.list_pending(b"")

    def list_pending(self, after):
        self.caught_up = False
        self.listing = self.session.ask("ListPending", after=after, chats_max=512, all=False)

    def react(self, frame):
        """Yields the messages that `frame` brings in order."""
        kind = frame["kind"]
        if kind == "PendingList" and frame["request"] == self.listing:
            yield from self.listed(frame)
        elif kind == "Deliver" and (self.first_pass_done or frame["chat"] in self.inbox.next):
            yield from self.inbox.deliver(frame)
        elif kind == "Deliver":
            self.held.append(frame)
        elif kind == "Behind" and any(frame["chat"]):
            self.learn(frame["chat"], 1, frame["head"])
        elif kind == "Behind":
            self.list_pending(b"")
        elif kind == "Page":
            self.reading = None
            yield from self.inbox.covered(frame)
            self.heads[frame["chat"]] = 0 if frame["complete"] else frame["head"]
            self.unacknowledged.setdefault(frame["chat"], 0)

    def learn(self, chat, start, head):
        self.inbox.next.setdefault(chat, start)
        self.heads[chat] = max(self.heads.get(chat, 0), head)

    def listed(self, answer):
        self.listing = None
        for chat in answer["chats"]:
            self.learn(chat["chat"], chat["from"], chat["head"])
            if chat["head"] < self.inbox.next[chat["chat"]]:
                self.unacknowledged.setdefault(chat["chat"], 0)
        if not answer["complete"]:
            self.list_pending(answer["next"])
            return
        self.first_pass_done = True
        self.caught_up = answer["caught_up"]
        while self.held:
            yield from self.inbox.deliver(self.held.pop(0))

    def confirm(self, message):
        """The application keeps `message`, the last that was handed out."""
        chat = message["chat"]
        self.unacknowledged[chat] = self.unacknowledged.get(chat, 0) + 1
        if self.unacknowledged[chat] >= ACK_MESSAGES:
            self.acknowledge(chat)

    def acknowledge(self, chat):
        del self.unacknowledged[chat]
        self.session.put("Ack", chat=chat, seq=self.inbox.next[chat] - 1)

    def acknowledge_all(self):
        for chat in list(self.unacknowledged):
            self.acknowledge(chat)

    def go_on(self):
        """Asks for what is missing, and acknowledges when nothing more is at hand."""
        behind = [chat for chat, head in self.heads.items() if head >= self.inbox.next[chat]]
        wanted = behind + list(self.inbox.gaps())
        if self.reading is None and wanted:
            chat = wanted[0]
            fields = {"chat": chat, "from": self.inbox.next[chat], "messages_max": 100, "bytes_max": 65536}
            self.reading = self.session.ask("ReadPage", **fields)
        if not self.session.stream:
            self.acknowledge_all()
        if not (wanted or self.reading or self.listing or self.caught_up):
            time.sleep(self.wait_s)
            self.wait_s = min(2 * self.wait_s, 5)
            self.list_pending(b"")


def receive(session, count, accept):
    """Gives `count` messages to `accept`, which keeps each before it returns; acknowledges all of them."""
    receiver = Receiver(session)
    while count > 0:
        for message in receiver.react(session.take()):
            accept(message)
            receiver.confirm(message)
            count -= 1
            if count == 0:
                break
        else:
            receiver.go_on()
    receiver.acknowledge_all()


def connect(arguments):
    host, port = arguments.address.rsplit(":", 1)
    return Session(socket.create_connection((host, int(port)), timeout=30), arguments.token)


def parse():
    parser = argparse.ArgumentParser(description="A small client of the Ringpost protocol.")
    commands = parser.add_subparsers(dest="command", required=True)
    token = commands.add_parser("token")
    token.add_argument("--secret-file", required=True)
    token.add_argument("--subject", required=True)
    token.add_argument("--device", type=int, default=1)
    for name in ("send", "receive"):
        command = commands.add_parser(name)
        command.add_argument("--address", default="127.0.0.1:7400")
        command.add_argument("--token", required=True)
    commands.choices["send"].add_argument("--to", required=True)
    commands.choices["send"].add_argument("--first", type=int, default=1)
    commands.choices["send"].add_argument("--seed", type=int)
    commands.choices["send"].add_argument("texts", nargs="+")
    commands.choices["receive"].add_argument("--count", type=int, required=True)
    return parser.parse_args()


def run(arguments):
    if arguments.command == "token":
        with open(arguments.secret_file, encoding="ascii") as file:
            secret = bytes.fromhex(file.read().strip())
        print(make_token(secret, arguments.subject, arguments.device))
        return
    session = connect(arguments)
    if arguments.command == "send":
        for sent in send(session, arguments.to, arguments.texts, arguments.first, arguments.seed):
            tell(**sent)
        return
    receive(session, arguments.count, show)


def show(message):
    text = message["payload"].decode("utf-8", "replace")
    tell(chat=message["chat"], seq=message["seq"], sender=message["sender"], text=text)


def main():
    try:
        run(parse())
    except Refusal as refusal:
        tell(**refusal.args[0])
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
