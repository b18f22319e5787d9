"""Addresses that people type lead to nothing private, past no redirect, and cost a bounded time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.alerts.conftest import NOW, Endpoint
from triage.alerts.addresses import is_public
from triage.alerts.channels import apprise, email, outbound
from triage.alerts.channels.kinds import SENDERS
from triage.alerts.channels.model import AddressError, Letter, PassingError, PermanentError

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.1.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff0e::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_however_it_is_written(endpoint: Endpoint, settings: Settings, host: str) -> None:
    settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS = False
    port = endpoint.url.rpartition(":")[2]
    with pytest.raises(PermanentError, match="private address"):
        outbound.post(f"http://{host}:{port}", b"{}", {})
    assert not endpoint.got


def test_the_connection_goes_to_the_address_that_was_checked(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A name that points to a public address when asked first, and to a private one ever after."""
    settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS = False
    settings.TRIAGE_ALERT_SEND_SECONDS = 0.3
    asked: list[str] = []
    dialled: list[str] = []

    def resolved(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "192.0.0.9" if host == "rebinding.example" and len(asked) == 1 else host
        address = "127.0.0.1" if address == "rebinding.example" else address
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(_self: socket.socket, address: tuple[str, int]) -> None:
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PassingError):
        outbound.post(endpoint.url.replace("127.0.0.1", "rebinding.example"), b"{}", {})
    assert asked.count("rebinding.example") == 1
    assert set(dialled) == {"192.0.0.9"}


def test_the_name_is_still_told_to_the_other_side(endpoint: Endpoint) -> None:
    url = endpoint.url.replace("127.0.0.1", "localhost")
    outbound.post(url, b"{}", {})
    assert endpoint.got[0][0]["host"] == url.split("/")[2]


def test_redirects_are_not_followed(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 307, {"Location": endpoint.url}
    with pytest.raises(PermanentError, match="Redirects are not followed"):
        outbound.post(endpoint.url, b"{}", {})
    assert len(endpoint.got) == 1


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that answers a byte at a time and never ends."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    while not done.wait(0.02):
                        connection.sendall(b"H")
                except OSError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        done.set()
        thread.join()


def test_a_server_that_drips_is_left(dripping: str, settings: Settings) -> None:
    settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS = True
    settings.TRIAGE_ALERT_SEND_SECONDS = 0.3
    with pytest.raises(PassingError):
        outbound.post(dripping, b"{}", {})


def test_apprise_is_kept_from_private_addresses_at_the_socket(endpoint: Endpoint, settings: Settings) -> None:
    settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS = False
    url = endpoint.url.replace("http://127.0.0.1", "json://localhost")
    with pytest.raises(PermanentError, match="private address"):
        apprise.send({"url": url}, Letter("key", NOW, "title", "text", {}))
    assert not endpoint.got


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("webhook", "ftp://example.org/", "begins with"),
        ("webhook", "example.org", "begins with"),
        ("webhook", "http://", "begins with"),
        ("webhook", "http://[::1", "no address"),
        ("webhook", "http://example.org:99999/", "no address"),
        ("webhook", "https://me:secret@example.org/", "no name and password"),
        ("slack", "https://example.org/" + "x" * 1000, "at most 1,000"),
        ("slack", "https://exam ple.org/", "begins with"),
        ("email", "", "1 to 20"),
        ("email", "nobody", "no mail address"),
        ("email", " ".join(f"a{n}@example.org" for n in range(21)), "1 to 20"),
        ("apprise", "nonsense", "knows no such address"),
        ("apprise", "nonsense://token", "knows no such address"),
        ("apprise", "ntfys://" + "x" * 1000, "at most 1,000"),
        ("apprise", "s3cr3t-token, json://example.com/", "knows no such address"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(kind: str, typed: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        SENDERS[kind].read(typed)


def test_what_is_shown_gives_nothing_away() -> None:
    assert email.read("alice@example.org bob@example.org").shown == "a…@example.org and 1 more"
    assert SENDERS["slack"].read("https://hooks.slack.com/services/T0/B0/secret").shown == "https://hooks.slack.com/…"
    assert SENDERS["apprise"].read("ntfys://mytopic").shown == "ntfys://…"
