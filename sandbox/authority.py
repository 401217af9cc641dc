"""The sandbox's private certificate authority: it vouches for the clouds' production host names, on loopback only."""

import ssl
import threading
from pathlib import Path

import trustme

from sandbox.files import read_private, write_private

CERTIFICATE_FILE = "ca.pem"
KEY_FILE = "ca.key"


class Authority:
    """Issues a leaf certificate per host name, on demand; the authority itself outlives restarts."""

    def __init__(self, data_dir: Path) -> None:
        self.bundle = data_dir / CERTIFICATE_FILE
        key_path = data_dir / KEY_FILE
        certificate, key = read_private(self.bundle), read_private(key_path)
        if certificate and key:
            self._ca = trustme.CA.from_pem(certificate, key)
        else:
            self._ca = trustme.CA(organization_name="Cloud sandbox (not a real cloud)")
            # The key first: a kill between the two leaves no certificate without its key, and both are made anew.
            write_private(key_path, self._ca.private_key_pem.bytes())
            write_private(self.bundle, self._ca.cert_pem.bytes())
        self._contexts: dict[str, ssl.SSLContext] = {}  # kept: a certificate takes some milliseconds to make
        self._lock = threading.Lock()

    def server_context(self, host: str, *protocols: str) -> ssl.SSLContext:
        """The TLS settings to answer as `host`; `protocols` are offered by ALPN (by default HTTP/1.1)."""
        with self._lock:
            context = self._contexts.get(host)
            if context is None:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.set_alpn_protocols(list(protocols) or ["http/1.1"])
                self._ca.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return context

    def pem(self, *hosts: str) -> tuple[bytes, bytes]:
        """Private key and certificate chain of these hosts, for servers that end TLS themselves (gRPC)."""
        leaf = self._ca.issue_cert(*hosts)
        return leaf.private_key_pem.bytes(), b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
