"""The jars of Kafka: from Maven Central into a cache, once; from then on without network."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from errors import Failed, Missing
from process import last_lines, run

POM = Path(__file__).resolve().with_name("pom.xml")
PINNED = re.search(r"<kafka.version>(.*)</kafka.version>", POM.read_text())[1]
VERSION = os.environ.get("WEIR_KAFKA_VERSION") or PINNED
# 45 MB. Bounded so that a network that swallows packets does not hang the tests.
FETCH_SECONDS_MAX = 300
LOCK_SECONDS_MAX = FETCH_SECONDS_MAX + 60


def cache_folder():
    """Where all that is fetched or made once is kept. Outside of the source tree."""
    if own := os.environ.get("WEIR_KAFKA_CACHE"):
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "weir" / f"kafka-{VERSION}"


def jar_files(wait=time.sleep):
    """The jars of the server and of what it needs, fetched if need be, in an order that stays:
    an archive of classes is only valid for the class path that it was made with."""
    pom_key = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    return sorted(made_once(f"jars-{VERSION}-{pom_key}", fetch, wait).glob("*.jar"))


def made_once(name, make, wait):
    """The folder of that name in the cache. `make(folder, wait)` fills a new one, in one process
    at a time; others see it complete or not at all."""
    folder = cache_folder() / name
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent / "lock", wait):
            if not folder.is_dir():
                # The name is free of others: they wait for the lock. What is there was left by
                # a process that was killed.
                partial = folder.parent / f"{name}.partial"
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                make(partial, wait)
                partial.rename(folder)
    except OSError as error:
        raise Missing(f"the cache for Kafka cannot be written: {error}; set WEIR_KAFKA_CACHE "
                      "to a folder that can") from error
    return folder


@contextlib.contextmanager
def locked(path, wait):
    """Holds a lock between processes. The kernel gives it back if this one is killed."""
    with open(path, "w") as lock:
        deadline = time.monotonic() + LOCK_SECONDS_MAX
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Missing(f"another process holds {path} since {LOCK_SECONDS_MAX} s; "
                                  "end it and try again") from None
                wait(0.05)
        yield


def fetch(folder, wait):
    """Has Maven copy the jars into a folder."""
    maven = shutil.which("mvn")
    if not maven:
        raise Missing("the jars of Kafka are not cached and there is no mvn in PATH to fetch them; "
                      "install Maven")
    log = folder / "maven.log"
    # -U: a fetch that failed once, without network, is tried again. -C: a damaged jar is an error.
    command = [maven, "-B", "-ntp", "-U", "-C", "-f", POM, "dependency:copy-dependencies",
               f"-Dkafka.version={VERSION}", "-DincludeScope=runtime",
               f"-DoutputDirectory={folder}"]
    try:
        code = run(command, log, FETCH_SECONDS_MAX, wait)
    except Failed as error:
        raise Missing(f"the jars of Kafka could not be fetched: {error}") from error
    if code != 0 or not (folder / f"kafka_2.13-{VERSION}.jar").is_file():
        raise Missing(f"the jars of Kafka {VERSION} could not be fetched, {maven} ended with "
                      f"{code}; is there a network? {complaint(log)} (more in {log})")
    log.unlink()


def complaint(log):
    """Maven names the cause first, and then much else."""
    errors = [line for line in log.read_text(errors="replace").splitlines() if "[ERROR]" in line]
    return errors[0][:300] if errors else last_lines(log)
