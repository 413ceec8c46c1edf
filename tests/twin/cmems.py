"""The Copernicus Marine Service on loopback: its log-in, its catalogue, and the object store of its files.

The toolbox is led here by what its environment may say, and by nothing else: the address of its configuration, a
proxy, and the certificate of the twin. It writes the hosts of the log-in and of the store as it finds them.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twin import _answers
from twin._answers import Answer, Question, as_json, of_file

LOGIN = "auth.marine.copernicus.eu"
STORE = "s3.twin.example"
BUCKET, PRODUCT = "mdl-native-01", "SYNTHETIC_PRODUCT"
DEFAULT = "default"
_MODIFIED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class CmemsFaults:
    """What goes wrong; a test may change it while the server runs."""

    login_down: bool = False
    store_down: bool = False
    cut: int | None = None
    """Files are dropped after so many bytes, every time."""
    swapped: bool = False
    """Files have another content than they were listed with."""
    refused: frozenset[str] = frozenset()
    """Names of files that the store gives to nobody."""
    logins: int = 0
    """Requests to the log-in; it takes two of them."""


@dataclass(frozen=True)
class Service:
    """A running service."""

    environment: dict[str, str]
    """What leads the toolbox to it."""


@contextmanager
def serve(
    content: Mapping[str, bytes], work: Path, *, dataset: str, version: str, users: Mapping[str, str],
    misbehave: CmemsFaults | None = None,
) -> Iterator[Service]:  # fmt: skip
    """Serve the files of one version of a data set.

    Parameters
    ----------
    content : path in the data set -> bytes
    work : a folder for the certificate
    version : YYYYMM, or what the toolbox calls that of a data set without one: default
    users : password of each
    """
    certificate = work / "twin.pem"
    _write_certificate(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    folder = dataset if version == DEFAULT else f"{dataset}_{version}"
    service = _Service(content, folder, dataset, users, misbehave or CmemsFaults())
    with _answers.serve(service.answer, tls=context) as address:
        service.address = address
        yield Service({
            "COPERNICUSMARINE_CONFIG_URL": f"{address}/clientsConfigV1.json",
            "COPERNICUSMARINE_SET_SSL_CERTIFICATE_PATH": str(certificate),
            "COPERNICUSMARINE_HTTPS_RETRIES": "0",
            "COPERNICUSMARINE_HTTPS_TIMEOUT": "5",
            "AWS_MAX_ATTEMPTS": "1",
            "HTTP_PROXY": address,
            "HTTPS_PROXY": address,
            "NO_PROXY": "127.0.0.1",
        })  # fmt: skip


def _write_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twin of the providers")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(LOGIN)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


@dataclass
class _Service:
    content: Mapping[str, bytes]
    folder: str
    dataset: str
    users: Mapping[str, str]
    faults: CmemsFaults
    address: str = field(default="", init=False)

    def answer(self, question: Question) -> Answer:
        if question.host.startswith(LOGIN):
            return self._login(question)
        if question.host.endswith(STORE):
            return self._store(question)
        return self._catalogue(question.path)

    def _login(self, question: Question) -> Answer:
        self.faults.logins += 1
        if self.faults.login_down:
            return Answer(503, b"later", "text/plain")
        if question.path.endswith("/userinfo"):
            return as_json({"preferred_username": question.headers["authorization"].removeprefix("Bearer token-of-")})
        said = {name: values[0] for name, values in parse_qs(question.body.decode()).items()}
        if self.users.get(said["username"]) != said["password"]:
            return as_json({"error": "invalid_grant"}, 400)
        return as_json({"access_token": f"token-of-{said['username']}"})

    def _catalogue(self, path: str) -> Answer:
        documents = {
            "/clientsConfigV1.json": self._configuration(),
            "/stac/mapping.json": {self.dataset: PRODUCT},
            f"/stac/{PRODUCT}/product.stac.json": self._product(),
            f"/stac/{PRODUCT}/{self.folder}/dataset.stac.json": self._item(),
        }
        return as_json(documents[path]) if path in documents else Answer(404)

    def _configuration(self) -> dict[str, object]:
        services = ("mds", "mds/serverlessNative", "mds/serverlessArco/meta")
        catalogue = {
            "stac": f"{self.address}/stac/catalog.stac.json",
            "idMapping": f"{self.address}/stac/mapping.json",
            "stacRoot": f"{self.address}/stac",
        }
        return {"clientVersions": dict.fromkeys(services, ">=1.0.0"), "catalogues": [catalogue]}

    def _product(self) -> dict[str, object]:
        extent = {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [["1993-01-01T00:00:00Z", None]]},
        }
        links = [{"rel": "item", "href": f"{self.folder}/dataset.stac.json", "type": "application/json"}]
        return {
            "type": "Collection", "id": PRODUCT, "stac_version": "1.0.0", "description": "synthetic",
            "license": "proprietary", "extent": extent, "links": links,
        }  # fmt: skip

    def _item(self) -> dict[str, object]:
        native = {"href": f"http://{STORE}/{BUCKET}/native/{PRODUCT}/{self.folder}", "type": "application/x-netcdf"}
        return {
            "type": "Feature", "id": self.folder, "stac_version": "1.0.0", "geometry": None, "links": [],
            "properties": {"datetime": "1993-01-01T00:00:00Z", "title": "synthetic", "cube:variables": {}},
            "assets": {"native": native},
        }  # fmt: skip

    def _store(self, question: Question) -> Answer:
        if self.faults.store_down:
            return Answer(503, b"<Error><Code>SlowDown</Code></Error>", "application/xml")
        key = unquote(question.path).removeprefix(f"/{BUCKET}").lstrip("/")
        root = f"native/{PRODUCT}/{self.folder}/"
        if not key:
            return self._listing(question.query.get("prefix", ""), root)
        if key.rpartition("/")[2] in self.faults.refused:
            return Answer(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        body = self.content.get(key.removeprefix(root)) if key.startswith(root) else None
        if body is None:
            return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
        return self._file(body, question)

    def _file(self, body: bytes, question: Question) -> Answer:
        whole = body[::-1] if self.faults.swapped else body
        found = of_file(whole, question, cut=self.faults.cut if question.method == "GET" else None)
        said = {"ETag": _etag(whole), "Last-Modified": _MODIFIED.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        return Answer(found.status, found.body, found.kind, {**found.headers, **said}, found.cut)

    def _listing(self, prefix: str, root: str) -> Answer:
        entries = "".join(
            f"<Contents><Key>{escape(root + path)}</Key><LastModified>{_MODIFIED:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>{escape(_etag(body))}</ETag><Size>{len(body)}</Size></Contents>"
            for path, body in sorted(self.content.items())
            if (root + path).startswith(prefix)
        )
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        )
        return Answer(200, text.encode(), "application/xml")


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
