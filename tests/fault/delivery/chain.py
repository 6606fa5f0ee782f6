"""From weir to weir over forward://, with a proxy between: what the tests of bad networks share."""

import shutil
import subprocess
from contextlib import ExitStack

from clients import HttpClient
from oracle import Oracle
from payloads import Payloads
from proxy import Proxy
from report import Skipped
from router import Router, component
from waiting import await_true, comes_true

RATE = 1200    # Of each of two clients.
DRAIN_SECONDS_MAX = 90
FLOW_SECONDS_MAX = 120
ACK_SECONDS = 2
# Where a chunk takes long to pass, and nothing is to be given up: on a busy machine longer still, and
# what is given up is sent again from its beginning, for ever.
ACK_SECONDS_OF_A_SLOW_LINE = 60
# Small chunks and segments, so that faults meet many borders of them.
SENDER = """
data_dir: {dir}/data
shards: 1
sources:
  in: http://127.0.0.1:0?ack=durable
sinks:
  out:
    url: forward://127.0.0.1:%d
    records: bytes
    chunk_bytes: 32KiB
    ack_timeout: %ds
    connect_timeout: 2s
    buffer: 1MiB
    spool.segment: 256KiB
%s"""
RECEIVER = """
data_dir: {dir}/data
shards: 1
sources:
  in:
    url: forward://127.0.0.1:0
%s
sinks:
  out: file://{dir}/out.ndjson
"""


class KeyedClient(HttpClient):
    """Gives each request a key, so that one that it has to send again is taken once."""

    def _post(self, one, stream, first, events):
        self._headers = {"Content-Type": "application/x-ndjson",
                         "Idempotency-Key": f"{stream}-{first}"}
        return super()._post(one, stream, first, events)


class Chain:
    """Two routers in folders of their own, the proxy, and clients that run. Use it as a context;
    belongs to the thread that started it. `direct`: the sender goes around the proxy."""

    def __init__(self, context, folder, sender_options="", receiver_options="", direct=False,
                 ack_seconds=ACK_SECONDS):
        # Events as long as a chunk, and longer, come now and then.
        self.oracle = Oracle(Payloads(context.seed, write_bytes=32 << 10, event_bytes_max=100 << 10,
                                      boundary_every=211))
        self._ends = ExitStack()
        self.receiver = Router(context.weir, folder / "receiver", RECEIVER % receiver_options)
        self._ends.callback(self.receiver.close)
        self.receiver.start()
        self.proxy = Proxy(self.receiver_port(), context.seed)
        self._direct = direct
        self._ack_seconds = ack_seconds
        self._sender_options = sender_options
        self._sender_folder = folder / "sender"
        self._weir = context.weir
        self.sender = None
        self.clients = []

    def __enter__(self):
        """Starts all of it; returns once events arrive, so that there is something to be hurt."""
        with self._ends:
            self._ends.enter_context(self.proxy)
            self.sender = Router(self._weir, self._sender_folder, SENDER % (
                self.receiver_port() if self._direct else self.proxy.port, self._ack_seconds,
                self._sender_options))
            self._ends.callback(self.sender.close)
            self.sender.start()
            self.clients = [KeyedClient(self.oracle, lambda: self.sender.address("in"), RATE)
                            for _ in range(2)]
            for client in self.clients:
                self._ends.enter_context(client)
            self._ends = self._ends.pop_all()
        return self

    def __exit__(self, *_):
        self._ends.close()

    def receiver_port(self):
        """Of the receiver that runs."""
        return self.receiver.address("in")[1]

    def received_file(self):
        """What the receiver has written."""
        return self.receiver.folder / "out.ndjson"

    # --- While it runs ---

    def await_flow(self, bytes_more=64 << 10):
        """Until so much more has arrived."""
        def arrived():
            path = self.received_file()
            return path.stat().st_size if path.exists() else 0
        enough = arrived() + bytes_more
        await_true(lambda: arrived() >= enough, FLOW_SECONDS_MAX, "events at the receiver")

    def await_faults(self, count):
        """Until the proxy has made so many; False where they do not come."""
        return comes_true(lambda: self.proxy.faults >= count, DRAIN_SECONDS_MAX)

    def kill_receiver(self):
        """SIGKILL, and a new process; who connects meanwhile is reset. Returns the seconds until
        it was ready."""
        self.receiver.kill()
        self.proxy.to = None
        self.proxy.reset_all()
        seconds = self.receiver.start()
        self.proxy.to = self.receiver_port()
        return seconds

    def kill_sender(self):
        """SIGKILL, and a new process on the same data. Returns the seconds until it was ready."""
        self.sender.kill()
        return self.sender.start()

    # --- The end ---

    def stop_load(self):
        """Ends the clients behind a whole request."""
        for client in self.clients:
            client.stop()

    def end(self, figures):
        """All arrives now. SIGTERM to both; their books and files are judged. Returns what the
        oracle says."""
        self.stop_load()
        figures.check(comes_true(lambda: is_empty(self.sender) and is_empty(self.receiver),
                                 DRAIN_SECONDS_MAX), "not everything was delivered")
        for router in (self.sender, self.receiver):
            _, code = router.stop()
            figures.check(code == 0, f"weir ended with {code}")
            books = router.closing_books()
            figures.unaccounted += abs(books["imbalance"])
            figures.check(sum(component(books, "sinks", "out")["dropped"].values()) == 0,
                          "the books have events lost")
        return self.oracle.judge([self.received_file()])

    def refused(self):
        """Messages that the receiver did not take for what they should be. Requires: end()."""
        return component(self.receiver.closing_books(), "sources", "in")["dropped"]


def is_empty(router):
    """Whether nothing is in its memory or on its disk any more."""
    books = router.books()
    if books is None:
        return False
    sink = component(books, "sinks", "out")
    return sink["in_memory"] == 0 and sink["in_spool"] == 0


def credentials(folder):
    """Makes a certificate of 127.0.0.1; options of a sender and a receiver that use it."""
    if shutil.which("openssl") is None:
        raise Skipped("there is no openssl to make a certificate with")
    folder.mkdir(parents=True, exist_ok=True)
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=weir test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key),
                    "-out", str(cert)], check=True, capture_output=True)
    return f"    tls: {{ca: {cert}}}\n", f"    tls: {{cert: {cert}, key: {key}}}\n"
