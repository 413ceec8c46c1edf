"""An S3 service on loopback: the server of moto, with buckets that anyone may list and read."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import get_canned_acl, s3_backends
from moto.server import ThreadedMotoServer


@contextmanager
def serve(bucket: str, objects: Mapping[str, bytes], *, private: Collection[str] = ()) -> Iterator[str]:
    """Serve a bucket with objects (key -> content), and give the address of the service.

    Parameters
    ----------
    private : objects that are given only to who signs; whose signature it is is not looked at
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    buckets = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        buckets.create_bucket(bucket, "us-east-1")
        for key, content in objects.items():
            put(bucket, key, content, "private" if key in private else "public-read")
        yield url
    finally:
        server.stop()
        buckets.reset()


def put(bucket: str, key: str, content: bytes, access: str = "public-read") -> None:
    """Put an object that anyone may read, or that is private, into a bucket that is served."""
    buckets = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    buckets.put_object(bucket, key, content).set_acl(get_canned_acl(access))


def remove(bucket: str, key: str) -> None:
    """Remove an object from a bucket that is served."""
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].delete_object(bucket, key)


def spoil(bucket: str, key: str, content: bytes) -> None:
    """Put other bytes into an object that is served, which goes on saying what it said."""
    found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key)
    found.value = content
