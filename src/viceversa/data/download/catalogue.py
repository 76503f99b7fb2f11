"""The datasets of the papers, downloaded by name; nothing else in viceversa uses the network."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError, UsageError, did_you_mean
from ...files import Lock, make_folder, publish_folder, remove_folder, sha256, write_json
from .fetch import File, Missing, Unreachable, begun_at, download
from .unpack import Refused, unpack

RECORD = "catalogue.json"  # in a downloaded folder: name, terms and digests
CYCLEGAN = tuple(f"{scheme}://efrosgans.eecs.berkeley.edu/cyclegan/datasets/" for scheme in ("https", "http"))
PIX2PIX = tuple(f"{scheme}://efrosgans.eecs.berkeley.edu/pix2pix/datasets/" for scheme in ("https", "http"))
MNIST = ("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/")
AB = ("trainA", "trainB")
TFDS = "sizes and SHA-256: tensorflow/datasets, url_checksums/cycle_gan.txt"
IMAGENET = "research use, terms of ImageNet"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A dataset: its content, its terms, its files and the public source of their checksums."""

    what: str
    terms: str
    files: tuple[File, ...] = ()
    mirrors: tuple[str, ...] = ()  # addresses to which the file names are appended
    folders: tuple[str, ...] = ()  # top folders of the unpacked archive; empty: the files are not unpacked
    source: str = ""  # of sizes and checksums
    by_hand: str = ""  # where to get it and how to lay it out, when it cannot be downloaded

    @property
    def size(self) -> int | None:
        """Bytes to download; None where they are not known."""
        sizes = [file.size for file in self.files if file.size]
        return sum(sizes) if sizes and len(sizes) == len(self.files) else None


CATALOGUE: dict[str, Entry] = {
    "mnist": Entry(
        what="70,000 handwritten digits, 28 px (LeCun, Cortes, Burges)",
        terms="CC BY-SA 3.0",
        files=(
            File("train-images-idx3-ubyte.gz", 9_912_422, md5="f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            File("train-labels-idx1-ubyte.gz", 28_881, md5="d53e105ee54ea40749a09fcbcd1e9432"),
            File("t10k-images-idx3-ubyte.gz", 1_648_877, md5="9fb629c4189551a2d022fa330f9573f3"),
            File("t10k-labels-idx1-ubyte.gz", 4_542, md5="ec29112dd5afa0611ce80d1b7f02629c"),
        ),
        mirrors=MNIST,
        source="sizes: tensorflow/datasets, url_checksums/mnist.txt; MD5: pytorch/vision, datasets/mnist.py",
    ),
    "celeba": Entry(
        what="202,599 faces of celebrities with 40 attributes, 178 x 218 px (Liu et al. 2015)",
        terms="non-commercial research, no redistribution",
        by_hand="ask for it at https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (img_align_celeba.zip, 1.4 GB, and "
        "list_attr_celeba.txt); put faces with Smiling -1 into DIR/trainA and those with Smiling 1 into DIR/trainB",
    ),
    "apple2orange": Entry(
        what="995 apples and 1,019 oranges to train on, 256 px",
        terms=IMAGENET,
        files=(
            File("apple2orange.zip", 78_456_409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"),
        ),
        mirrors=CYCLEGAN,
        folders=AB,
        source=TFDS,
    ),
    "horse2zebra": Entry(
        what="1,067 horses and 1,334 zebras to train on, 256 px",
        terms=IMAGENET,
        files=(
            File("horse2zebra.zip", 116_867_962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"),
        ),
        mirrors=CYCLEGAN,
        folders=AB,
        source=TFDS,
    ),
    "summer2winter_yosemite": Entry(
        what="1,231 summers and 962 winters of Yosemite to train on, 256 px",
        terms="photographs from Flickr, rights with their authors",
        files=(
            File(
                "summer2winter_yosemite.zip",
                132_640_856,
                "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9",
            ),
        ),
        mirrors=CYCLEGAN,
        folders=AB,
        source=TFDS,
    ),
    "monet2photo": Entry(
        what="1,072 paintings by Monet and 6,287 photographs to train on, 256 px",
        terms="paintings from WikiArt; photographs from Flickr, rights with their authors",
        files=(
            File("monet2photo.zip", 305_231_073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"),
        ),
        mirrors=CYCLEGAN,
        folders=AB,
        source=TFDS,
    ),
    "cityscapes": Entry(
        what="2,975 street scenes with label maps to train on (Cordts et al. 2016)",
        terms="registration, non-commercial",
        by_hand="register at https://www.cityscapes-dataset.com, fetch leftImg8bit_trainvaltest.zip and "
        "gtFine_trainvaltest.zip; put the *_color.png label maps into DIR/trainA and the photographs into DIR/trainB",
    ),
    "facades": Entry(
        what="400 facades beside their label maps to train on, 256 px (Tylecek, Sara 2013)",
        terms="see the CMP Facade Database",
        files=(File("facades.tar.gz", 30_168_306),),
        mirrors=PIX2PIX,
        folders=("train", "val"),
        source="size: download logs, for example TensorFlow's pix2pix tutorial; no published checksum",
    ),
    "maps": Entry(
        what="1,096 aerial photographs beside their maps to train on, 600 px",
        terms="Google Maps, rights with Google",
        files=(File("maps.tar.gz", 250_242_400),),
        mirrors=PIX2PIX,
        folders=("train", "val"),
        source="size: public download logs; no published checksum",
    ),
}


def get(
    name: str,
    folder: Path | str,
    *,
    mirror: str | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Download the dataset `name` into `folder`, ready for train; returns the SHA-256 of each downloaded file.

    A complete folder is left as it is, an interrupted download is continued. `mirror` is an address or folder that
    holds the files under their own names. Raises UsageError, DataError, ResourceError.
    """
    entry, root = _entry(name), Path(folder)
    if _complete(root, name):
        return {}
    if entry.by_hand:
        raise DataError(f"{name} cannot be fetched by itself: {entry.by_hand.replace('DIR', str(root))}")
    store = root.with_name(f"{root.name}.download")
    with Lock(store):
        try:
            return _fetch_all(name, root, store, _addresses(entry, mirror), on_progress or (lambda line: None))
        finally:
            if not any(path.name != ".lock" for path in store.iterdir()):
                remove_folder(store)


def rows() -> list[dict[str, Any]]:
    """One dict for each dataset, for tables and JSON."""
    return [
        {
            "name": name,
            "what": e.what,
            "bytes": e.size,
            "terms": e.terms,
            "from": e.mirrors[0] if e.mirrors else e.by_hand,
            "stated": e.source,
        }
        for name, e in CATALOGUE.items()
    ]


def _entry(name: str) -> Entry:
    if name not in CATALOGUE:
        raise UsageError(f"no data set '{name}'; choose one of {', '.join(CATALOGUE)}.{did_you_mean(name, CATALOGUE)}")
    return CATALOGUE[name]


def _complete(root: Path, name: str) -> bool:
    """True if `root` holds the dataset already; DataError where it holds something else."""
    if root.is_file():
        raise DataError(f"{root} is a file; name a new folder")
    try:
        record = json.loads((root / RECORD).read_text(encoding="utf-8"))
        if record["name"] == name:
            return True
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if root.is_dir() and any(root.iterdir()):
        raise DataError(f"{root} is not empty and does not hold {name}; name a new folder")
    return False


def _addresses(entry: Entry, mirror: str | None) -> tuple[str, ...]:
    if mirror is None:
        return entry.mirrors
    base = mirror if "://" in mirror else Path(mirror).resolve().as_uri()
    return (base if base.endswith("/") else f"{base}/",)


def _fetch_all(
    name: str, root: Path, store: Path, addresses: tuple[str, ...], show: Callable[[str], None]
) -> dict[str, str]:
    """Download every file into `store`, unpack them into a draft folder and publish it as `root`."""
    entry, draft = CATALOGUE[name], root.with_name(f"{root.name}.draft.tmp")
    digests = {file.name: sha256(_fetch(file, addresses, store, show)) for file in entry.files}
    if draft.is_dir():
        remove_folder(draft)
    make_folder(draft)
    top = _lay_out(entry, store, draft, show)
    write_json(top / RECORD, {"name": name, "terms": entry.terms, "sha256": digests})
    publish_folder(top, root)
    if top != draft:
        remove_folder(draft)
    for file in entry.files:
        (store / file.name).unlink(missing_ok=True)
    return digests


def _fetch(file: File, addresses: tuple[str, ...], store: Path, show: Callable[[str], None]) -> Path:
    """Download a file from the address where it was begun, else from the first that has it."""

    def progress(have: int, total: int | None) -> None:
        show(f"{file.name}: {have / 1e6:.1f}{f' of {total / 1e6:.1f}' if total else ''} MB")

    urls = [address + file.name for address in addresses]
    urls.sort(key=lambda url: url != begun_at(file, store))
    for url in urls[:-1]:
        try:
            return download(url, file, store, on_progress=progress)
        except (Missing, Unreachable):
            if begun_at(file, store):  # another address would start from the beginning
                raise
    return download(urls[-1], file, store, on_progress=progress)


def _lay_out(entry: Entry, store: Path, draft: Path, show: Callable[[str], None]) -> Path:
    """Move or unpack the files into `draft`; the folder to publish: `draft`, or its sub-folder with the content."""
    if not entry.folders:
        for file in entry.files:
            os.replace(store / file.name, draft / file.name)
        return draft

    (file,) = entry.files
    archive = store / file.name
    try:
        unpack(archive, draft, lambda count: show(f"unpacking: file {count}"))
        for top in [draft, *sorted(path for path in draft.iterdir() if path.is_dir())]:
            if all((top / name).is_dir() for name in entry.folders):
                return top
        raise Refused(archive, f"holds no folders {' and '.join(entry.folders)}")
    except Refused:
        archive.unlink()
        remove_folder(draft)
        raise
