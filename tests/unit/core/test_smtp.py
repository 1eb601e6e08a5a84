"""Against a server of our own that says what it is told to say, byte for byte."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from statuspage.core.smtp import bare_address, offer_envelope, send_message

MESSAGE = b"Subject: x\r\n\r\n.one\r\n..two\r\nthree\r\n"


@dataclass
class Server:
    """Answers each command with what `says` has for its first word, else 250; b"" closes the connection."""

    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 1000000")
    says: dict[str, bytes] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    _rest: bytes = b""

    def serve(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 here\r\n")
            while line := self._until(connection, b"\r\n"):
                self.commands.append(line.decode())
                if not self._answer(connection, line.decode().split(":")[0].split()[0].upper()):
                    return

    def _answer(self, connection: socket.socket, word: str) -> bool:
        usual = {"EHLO": self._hello(), "DATA": b"354 go ahead"}.get(word, b"250 fine")
        said = self.says.get(word, usual)
        if said:
            connection.sendall(said + b"\r\n")
        if word == "DATA" and said.startswith(b"354"):
            first = self._until(connection, b"\r\n")
            self.messages.append(b"" if first == b"." else first + b"\r\n" + self._until(connection, b"\r\n.\r\n"))
            said = self.says.get("MESSAGE", b"250 taken")
            connection.sendall(said + b"\r\n" if said else b"")
        return bool(said) and not said.startswith(b"421") and word != "QUIT"

    def _hello(self) -> bytes:
        return b"\r\n".join([b"250-here", *(b"250-" + name.encode() for name in self.extensions), b"250 HELP"])

    def _until(self, connection: socket.socket, end: bytes) -> bytes:
        while end not in self._rest:
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            self.chunks.append(chunk)
            self._rest += chunk
        line, _, self._rest = self._rest.partition(end)
        return line


type Connect = Callable[..., tuple[Server, smtplib.SMTP]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes a server and a connection to it."""
    open_ones: list[tuple[smtplib.SMTP, threading.Thread, socket.socket]] = []

    def make(*extensions: str, **says: bytes) -> tuple[Server, smtplib.SMTP]:
        server = Server(says=says)
        server.extensions = extensions or server.extensions
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        client = smtplib.SMTP("127.0.0.1", listener.getsockname()[1], local_hostname="here", timeout=5)
        open_ones.append((client, thread, listener))
        return server, client

    yield make
    for client, thread, listener in open_ones:
        client.close()
        thread.join(5)
        listener.close()


def offer(client: smtplib.SMTP) -> None:
    offer_envelope(client, sender="us@example.com", recipient="ada@example.org", size=len(MESSAGE))


def hand_over(client: smtplib.SMTP) -> None:
    offer(client)
    send_message(client, MESSAGE)


def test_where_it_is_offered_the_whole_envelope_goes_out_at_once(connect: Connect) -> None:
    server, client = connect()
    offer(client)
    assert server.chunks[1] == f"MAIL FROM:<us@example.com> SIZE={len(MESSAGE)}\r\n".encode() + (
        b"RCPT TO:<ada@example.org>\r\nDATA\r\n"
    )


def test_where_it_is_not_each_command_waits_for_its_answer(connect: Connect) -> None:
    server, client = connect("8BITMIME")
    offer(client)
    assert server.chunks[1:] == [b"MAIL FROM:<us@example.com>\r\n", b"RCPT TO:<ada@example.org>\r\n", b"DATA\r\n"]


@pytest.mark.parametrize("extensions", [(), ("8BITMIME",)])
def test_the_message_arrives_with_its_dots(connect: Connect, extensions: tuple[str, ...]) -> None:
    server, client = connect(*extensions)
    for _ in range(2):
        hand_over(client)
    # As it is on the wire: a leading dot is doubled (RFC 5321, 4.5.2).
    assert server.messages == [b"Subject: x\r\n\r\n..one\r\n...two\r\nthree"] * 2


@pytest.mark.parametrize("extensions", [(), ("8BITMIME",)])
@pytest.mark.parametrize(
    ("says", "error"),
    [
        ({"MAIL": b"451 later", "RCPT": b"503 no", "DATA": b"503 no"}, smtplib.SMTPSenderRefused),
        ({"RCPT": b"550 5.1.1 nobody", "DATA": b"554 no recipients"}, smtplib.SMTPRecipientsRefused),
        # Told to go ahead without a recipient, the client has to send a lone dot (RFC 2920, 3.1).
        ({"RCPT": b"550 5.1.1 nobody"}, smtplib.SMTPRecipientsRefused),
        ({"DATA": b"451 not now"}, smtplib.SMTPDataError),
        ({"MESSAGE": b"554 spam"}, smtplib.SMTPDataError),
    ],
)
def test_after_a_refusal_the_connection_takes_the_next(
    connect: Connect, extensions: tuple[str, ...], says: dict[str, bytes], error: type[Exception]
) -> None:
    server, client = connect(*extensions, **says)
    with pytest.raises(error):
        hand_over(client)
    server.says.clear()
    refused = len(server.messages)
    hand_over(client)
    assert len(server.messages) == refused + 1
    assert server.messages[-1].startswith(b"Subject: x")
    assert not any(server.messages[:-1]) or "MESSAGE" in says


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "MESSAGE"])
@pytest.mark.parametrize("extensions", [(), ("8BITMIME",)])
def test_a_server_that_closes_says_so(connect: Connect, word: str, extensions: tuple[str, ...]) -> None:
    _, client = connect(*extensions, **{word: b"421 4.3.2 closing"})
    with pytest.raises(smtplib.SMTPException, match="421"):
        hand_over(client)
    assert client.sock is None


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "MESSAGE"])
@pytest.mark.parametrize("extensions", [(), ("8BITMIME",)])
def test_a_server_that_goes_without_a_word_is_an_error(
    connect: Connect, word: str, extensions: tuple[str, ...]
) -> None:
    _, client = connect(*extensions, **{word: b""})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        hand_over(client)


def test_a_refusal_says_more_than_that_the_server_went_after_it(connect: Connect) -> None:
    _, client = connect(MAIL=b"554 5.7.1 your network is listed", RCPT=b"")
    with pytest.raises(smtplib.SMTPSenderRefused, match="listed"):
        offer(client)


@pytest.mark.parametrize("address", ["a@b.org>\r\nDATA", "a b@c.org", "ädа@c.org", "<a@b.org>", ""])
def test_what_is_no_bare_address_is_never_said(connect: Connect, address: str) -> None:
    server, client = connect()
    with pytest.raises(ValueError, match="not a bare mail address"):
        offer_envelope(client, sender="us@example.com", recipient=address, size=1)
    assert server.commands == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("status@example.com", "status@example.com"),
        ("Status <status@example.com>", "status@example.com"),
        ('"Status, the page" <status@Bücher.example>', "status@xn--bcher-kva.example"),
    ],
)
def test_the_envelope_has_the_address_alone(text: str, address: str) -> None:
    assert bare_address(text) == address
