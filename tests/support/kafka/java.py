"""The JVM that brokers run in: which one, and with what options."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from errors import Missing

JAVA_MIN = 17  # What the broker of Kafka 4 needs.

OPTIONS = [
    "-Xmx256m", "-XX:+UseSerialGC",
    # Brokers of tests live for seconds: the second compiler never earns what it costs.
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # Leaves no files in /tmp.
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
]


def find_java():
    """The program `java`: of JAVA_HOME, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=os.path.join(home, "bin") if home else None)
    if not found:
        raise Missing(f"no java in {'JAVA_HOME=' + home if home else 'PATH'}; "
                      f"install a JDK or JRE of version {JAVA_MIN} or newer")
    return Path(found).resolve()


def check_version(java):
    """Missing if it is too old."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', said)
    if not match or int(match[1]) < JAVA_MIN:
        first = said.strip().splitlines()[:1]
        raise Missing(f"Kafka needs Java {JAVA_MIN} or newer, {java} is "
                      f"{first[0] if first else 'none'}; set JAVA_HOME to a newer one")


def key_of(java):
    """Differs between installations of Java and after an update of one."""
    status = java.stat()
    return hashlib.sha256(f"{java} {status.st_mtime_ns} {status.st_size}".encode()).hexdigest()[:8]


def command(java, jars, options, main_class, *arguments):
    """The words that run a class."""
    class_path = ":".join(str(jar) for jar in jars)
    return [java, *OPTIONS, *options, "-cp", class_path, main_class, *arguments]
