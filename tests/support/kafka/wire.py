"""One question in Kafka's protocol: which brokers do you know to be alive?"""

import socket
import struct

METADATA = 3
VERSION = 1  # The oldest that names a controller; every server since 0.10 answers it.
ANSWER_BYTES_MAX = 1 << 20


def known_brokers(port, seconds_max=1.0):
    """The ids of the brokers that the one at this port would send a client to.

    A broker lists itself only once the controller lets clients use it, so an answer says more than
    an open port does. Raises OSError where none comes.
    """
    client = b"weir-test"
    # No topics are asked for: the array is empty.
    request = struct.pack(f">hhih{len(client)}si", METADATA, VERSION, 1, len(client), client, 0)
    with socket.create_connection(("127.0.0.1", port), seconds_max) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        size, = struct.unpack(">i", receive(connection, 4))
        if not 0 < size < ANSWER_BYTES_MAX:
            raise OSError(f"port {port} does not speak Kafka's protocol")
        return read_brokers(receive(connection, size))


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionResetError("the broker closed the connection")
        data += part
    return data


def read_brokers(answer):
    """int32 correlation; array of {int32 id, string host, int32 port, nullable string rack}; ..."""
    count, = struct.unpack_from(">i", answer, 4)
    at = 8
    found = set()
    for _ in range(count):
        broker, host_size = struct.unpack_from(">ih", answer, at)
        at += 6 + host_size + 4
        rack_size, = struct.unpack_from(">h", answer, at)
        at += 2 + max(rack_size, 0)
        found.add(broker)
    return found
