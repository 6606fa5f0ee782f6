"""server.properties of one broker that is a controller too."""

# Security protocols of further listeners, and thereby their names.
LISTENERS = ("SSL", "SASL_PLAINTEXT", "SASL_SSL")


def of_node(node, nodes, data, extra):
    """The settings as a dictionary. `nodes` has {listener name: port} per node id."""
    count = len(nodes)
    listeners = {name: f"{name}://127.0.0.1:{port}" for name, port in nodes[node].items()}
    copies = min(count, 3)
    in_sync = 2 if copies == 3 else 1
    settings = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": ",".join(f"{other}@127.0.0.1:{ports['CONTROLLER']}"
                                             for other, ports in nodes.items()),
        "listeners": ",".join(listeners.values()),
        "advertised.listeners": ",".join(address for name, address in listeners.items()
                                         if name != "CONTROLLER"),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
                                          + ",".join(f"{name}:{name}" for name in LISTENERS),
        "log.dirs": data,
        "auto.create.topics.enable": "true",
        "delete.topic.enable": "true",
        "num.partitions": 3,
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "group.initial.rebalance.delay.ms": 0,
    }
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        settings[f"{topic}.num.partitions"] = 1
        settings[f"{topic}.replication.factor"] = copies
    for topic in ("transaction.state.log", "share.coordinator.state.topic"):
        settings[f"{topic}.min.isr"] = in_sync
    return {**settings, **SMALL, **QUICK, **extra}


# Less memory, disk and threads than a server would have.
SMALL = {
    "log.segment.bytes": 16 << 20,  # Above any message.max.bytes that a test sets.
    "log.index.size.max.bytes": 64 << 10,  # Allocated at once for each segment.
    "log.cleaner.dedupe.buffer.size": 4 << 20,  # Taken from the heap at the start.
    "log.cleaner.threads": 1,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 1,
}

# A broker that was killed is given up after 3 s, not 9, and is let in again no sooner. Not less: on
# a busy machine one that lives would be given up.
QUICK = {
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
}


def text_of(settings):
    """As the file has it: a backslash begins an escape, and a line break is one."""
    def escaped(value):
        return str(value).replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(f"{key}={escaped(value)}\n" for key, value in settings.items())
