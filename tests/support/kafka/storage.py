"""The folder of a broker's data, as the storage tool of Kafka would format it.

The tool takes 0.7 s of a JVM per broker and writes two files: the names of cluster, node and
folder, which are written here instead, and the first metadata, which are the same for all brokers:
they are made by the tool, once for the cache.
"""

import base64
import shutil
import uuid

from errors import Failed
from process import last_lines, run
from properties import of_node, text_of

CLUSTER_ID = "d2VpciB0ZXN0cyBrYWZrYQ"  # Clusters never meet: they may share a name.
FORMAT_SECONDS_MAX = 60


def make_checkpoint(runtime, scratch, target, scram, wait):
    """Has the tool make the first metadata: the features of this version, and users for SCRAM, each
    as `SCRAM-SHA-256=[name=alice,password=secret]`."""
    data = scratch / "formatted"
    settings = scratch / "format.properties"
    # The tool reads the ports and does nothing with them.
    nodes = {1: {"PLAINTEXT": 1, "CONTROLLER": 2}}
    settings.write_text(text_of(of_node(1, nodes, data, {})))
    users = [word for user in scram for word in ("--add-scram", user)]
    log = scratch / "format.log"
    command = runtime.command("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID,
                              "--config", settings, *users)
    if run(command, log, FORMAT_SECONDS_MAX, wait) != 0:
        raise Failed(f"the storage tool of Kafka failed: {last_lines(log)}")
    shutil.move(data / "bootstrap.checkpoint", target)
    shutil.rmtree(data)


def format_node(data, node, checkpoint):
    data.mkdir()
    shutil.copyfile(checkpoint, data / "bootstrap.checkpoint")
    directory = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    (data / "meta.properties").write_text(f"version=1\ncluster.id={CLUSTER_ID}\n"
                                          f"node.id={node}\ndirectory.id={directory}\n")
