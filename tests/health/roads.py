"""What stands between a check and the API in these tests: the stand-in in a thread, authorities, proxies."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Server = AbstractAsyncContextManager[str]


@contextlib.contextmanager
def standing(server: Callable[[], Server]) -> Iterator[str]:
    """Keep ``server`` up in a thread of its own, since the checks are no coroutines; yields its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    context = server()
    try:
        yield do(context.__aenter__())
    finally:
        do(context.__aexit__(None, None, None))
        do(_end_all())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Authority:
    """A certificate authority that nobody knows unless told to."""

    def __init__(self, folder: Path, name: str = "Acme Inspection CA") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=30))
            .not_valid_after(now + dt.timedelta(days=30))
        )

    def context_for(self, host: str, *, expired: bool = False) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for ``host``, a name or an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        builder = self._builder(name, key).add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        if expired:
            builder._not_valid_after = dt.datetime(2026, 1, 2)  # noqa: DTZ001 - the builder's own form
            builder._not_valid_before = dt.datetime(2026, 1, 1)  # noqa: DTZ001
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem += builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        path = self._folder / f"{host}.pem"
        path.write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@contextlib.asynccontextmanager
async def listening(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    """Listen at a free port and let ``answer`` talk; yields ``http://127.0.0.1:PORT``."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def silent() -> Server:
    """A server that accepts connections and never says a word."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        writer.close()

    return listening(answer)


def refusing_proxy(status: str = "407 Proxy Authentication Required") -> Server:
    """A proxy that answers every CONNECT with ``status``."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    return listening(answer)


def tunnelling_proxy(upstream: str, tls: ssl.SSLContext | None = None) -> Server:
    """A proxy that leads every CONNECT to ``upstream`` (``http://...``), whatever host was asked for.

    With ``tls`` it opens the connection itself with that certificate, as an inspecting proxy does.
    """
    host, port = upstream.split("//")[1].split(":")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            if tls is not None:
                await writer.start_tls(tls)
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    return listening(answer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()
