"""A cluster of one or three brokers on 127.0.0.1, for as long as a test needs it."""

import os
import shutil
import time
from pathlib import Path

from broker import READY_SECONDS_MAX, Broker
from errors import Failed
from ports import Ports
from properties import LISTENERS, of_node
from runtime import find_runtime
from storage import format_node, make_checkpoint
from waiting import await_true


class Cluster:
    """A context: the brokers are ready inside of it; after it they and their data are gone.

    Belongs to one thread, which has to outlive it: the kernel ends the brokers with that. Node ids
    are 1, 2, 3. A folder whose start failed is left, for its logs.
    """

    def __init__(self, folder, brokers=1, properties=None, listeners=(), scram=(),
                 wait=time.sleep):
        for name in listeners:
            if name not in LISTENERS:
                raise Failed(f"no listener {name}; there are {', '.join(LISTENERS)}")
        self.folder = Path(folder).absolute()
        self.brokers = {}
        self._count = brokers
        self._properties = properties or {}
        self._listeners = ["PLAINTEXT", *listeners]
        self._scram = list(scram)
        self._wait = wait
        self._ports = Ports()
        self._made_folder = False

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        self.remove()

    def start(self):
        """Returns when every broker knows every other."""
        runtime = find_runtime(self._wait)
        self._made_folder = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        nodes = {node: {name: self._ports.take() for name in (*self._listeners, "CONTROLLER")}
                 for node in range(1, self._count + 1)}
        for node, ports in nodes.items():
            broker = Broker(node, self.folder / f"broker-{node}", ports, runtime)
            broker.create(of_node(node, nodes, broker.data, self._properties))
            self.brokers[node] = broker
        checkpoint = runtime.checkpoint
        if self._scram:
            checkpoint = self.folder / "bootstrap.checkpoint"
            make_checkpoint(runtime, self.brokers[1].folder, checkpoint, self._scram, self._wait)
        for node, broker in self.brokers.items():
            format_node(broker.data, node, checkpoint)
            broker.start()
        self._await_known(set(self.brokers))
        self._write_pids()
        for name in self._listeners:
            suffix = "" if name == "PLAINTEXT" else f".{name}"
            self._write(f"bootstrap{suffix}", self.bootstrap(name))

    def bootstrap(self, listener="PLAINTEXT"):
        """`127.0.0.1:20123,127.0.0.1:20124`: what a client is given."""
        return ",".join(f"127.0.0.1:{b.ports[listener]}" for b in self.brokers.values())

    # What a test does to one broker. Failed if it is not in the state for that.

    def start_broker(self, node):
        """After stop_broker or kill_broker: same data, same ports. Returns when clients may use
        it, as all other brokers see it."""
        self._broker(node).start()
        self._write_pids()
        self._await_known({node})

    def stop_broker(self, node):
        self._broker(node).stop(self._wait)
        self._write_pids()

    def kill_broker(self, node):
        self._broker(node).signal(0)  # Only says if it does not run.
        self._broker(node).kill()
        self._write_pids()

    def pause_broker(self, node):
        self._broker(node).pause()

    def resume_broker(self, node):
        self._broker(node).resume()

    def kill(self):
        """All of them at once: nothing on their disks is needed any more."""
        for broker in self.brokers.values():
            broker.kill()
        self._ports.close()

    def remove(self):
        """The files that `start` wrote, and the folder if it was not there before."""
        for broker in self.brokers.values():
            shutil.rmtree(broker.folder, ignore_errors=True)
        names = ["pids", "bootstrap", "bootstrap.checkpoint",
                 *(f"bootstrap.{name}" for name in self._listeners)]
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
        if self._made_folder and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _broker(self, node):
        if node not in self.brokers:
            raise Failed(f"no broker {node}; there are {', '.join(map(str, self.brokers))}")
        return self.brokers[node]

    def _await_known(self, expected):
        """Until the expected brokers, and all others that serve, would send clients to them."""
        asked = [broker for node, broker in self.brokers.items()
                 if node in expected or broker.in_service()]

        def all_know():
            return all(expected <= broker.known() for broker in asked)

        await_true(all_know, READY_SECONDS_MAX,
                   f"readiness of broker {', '.join(map(str, sorted(expected)))} "
                   f"(logs in {self.folder}/broker-*)", self._wait)

    def _write_pids(self):
        self._write("pids", "\n".join(f"{node} {broker.pid}"
                                      for node, broker in self.brokers.items() if broker.pid))

    def _write(self, name, text):
        """Whoever reads it sees all of it."""
        partial = self.folder / f".{name}.partial"
        partial.write_text(text + "\n")
        os.replace(partial, self.folder / name)
