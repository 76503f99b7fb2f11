"""The configuration of a run: what every method shares, beside the method's own."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from ..data.content import Crops
from ..data.measure import parse_range
from ..data.pairs import require_way
from ..methods import MethodConfig
from ..methods.cyclegan import CycleGANConfig
from ..settings import Count, Finite, Number, Range, Share, Weight


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    RENAMED: ClassVar[dict[str, str]] = {"scratch_mb": "disk_cache_mb"}

    source: str = ""  # folder with trainA trainB or two sub-folders, folder A, or what the preset takes
    other: str | None = None  # folder B, when A and B are given apart
    names: str | None = None  # "apples,oranges"; none: from the folders
    pair: str = "auto"  # how names pair: auto, name (equal), order (sorted), or a regular expression with one group
    swap: bool = False  # exchange A and B; pix2pix learns A -> B only
    size: Count = 256  # side of a training image, pixels
    load: Count | None = None  # side before the random crop, pixels; none: size * 286 / 256 (authors' code)
    fit: Literal["cover", "squash", "native"] = "cover"  # whole images, with aspect ratio or not; native: crops of them
    mpp: Annotated[float, Range(0.001)] | None = None  # native: micrometres per pixel; none: each image's own scale
    tissue: Literal["auto", "on", "off"] = "auto"  # native: crops of tissue only; auto: of slides on bright glass
    blank: Share = 0.5  # native: largest share of background in a crop
    windows: Count = 16  # native: fixed windows of a test image, at most 64 of a domain
    flip: bool = True  # mirror half of the images
    zoom: Annotated[float, Range(1)] = 1.0  # random crops up to this many times `size` wide, scaled down; 1 = never
    range_a: str = "auto"  # values of A's files that become -1 and +1: "-1024,3071"; auto: from the training images
    range_b: str = "auto"  # those of B; of data without two domains range_a counts
    nodata: Finite | None = None  # value of missing pixels, beside NaN and what files state (GDAL)
    colour: Literal["managed", "raw"] = "managed"  # images with a colour profile as sRGB, or their numbers as they are
    pages: Literal["auto", "all", "first"] = "auto"  # auto: every page of stacks and volumes, animations' first frame
    show: str = ""  # channels that sheets and reports draw, from 1: "4,3,2"; empty: the first three
    cache_mb: Number = 2048  # decoded images kept in memory, MB
    disk_cache_mb: Number = 50_000  # those beyond it kept on disk, MB, at most half of the free space; 0 = none

    def __post_init__(self) -> None:
        if self.size < 16 or self.size % 4:
            raise ValueError(f"data.size is {self.size}; it must be a multiple of 4 and at least 16")
        if self.load is not None and self.load < self.size:
            raise ValueError(f"data.load is {self.load}, smaller than data.size {self.size}")
        require_way(self.pair)
        if self.fit == "native" and self.load is not None:
            raise ValueError("data.load has no meaning with data.fit=native, whose crops have data.size; leave it out")
        if self.fit != "native" and self.mpp is not None:
            raise ValueError("data.mpp is for crops at a scale; add data.fit=native")

        for key, given in (("data.range_a", self.range_a), ("data.range_b", self.range_b)):
            parse_range(given, key)
        if self.show and not all(part.strip().isdecimal() and int(part) > 0 for part in self.show.split(",")):
            raise ValueError(f"data.show is '{self.show}'; write one channel or three, from 1, such as 4,3,2")
        if self.show and len(self.show.split(",")) not in (1, 3):
            raise ValueError(f"data.show is '{self.show}'; write one channel or three")

    @property
    def shown(self) -> tuple[int, ...]:
        """The channels of `show` as numbers."""
        return tuple(int(part) for part in self.show.split(",")) if self.show else ()

    @property
    def crops(self) -> Crops | None:
        """Where crops at native scale may lie; none for other fits."""
        if self.fit != "native":
            return None
        return Crops(self.size, self.mpp, self.tissue, self.blank, self.nodata)

    @property
    def load_size(self) -> int:
        if self.fit == "native":
            return self.size
        return self.load or round(self.size * 286 / 256)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    RENAMED: ClassVar[dict[str, str]] = {"record": "cuda_graph"}

    batch: Count = 1  # images per step, of each domain where there are two
    epochs: Count | None = None  # of the larger domain if there are two; none: as many as fit into the time
    total_nimg: Count | None = None  # images of the larger domain in the whole run; none: from epochs or time
    seconds: Weight | None = None  # time of the whole run where it is given instead: --max-time, or 4 minutes
    decay_from: Share = 0.5  # share of the run after which the learning rates fall linearly
    decay_every: Literal["epoch", "step"] = "step"  # how often they fall
    seed: Annotated[int, Range(0, 2**63 - 1)] = 0  # of all random numbers
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"  # auto: a CUDA GPU if there is one
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"  # of the convolutions; auto: 16 bits where faster
    cuda_graph: bool = True  # on a GPU, replay the step as one CUDA graph
    threads: Count | None = None  # of the CPU; none: measured. A resumed run keeps its number, so that bits agree
    log_every: Count = 10  # steps between lines of metrics.jsonl
    samples: Number = 10  # sample sheets over the run
    save_every: Count | None = None  # steps between checkpoints; none: every two minutes
    keep: Count = 2  # newest checkpoints kept
    probes: Number = 40  # health checks over the run, fewer where they would take more than 3 % of the time; 0 = none
    on_symptom: Literal["watch", "stop", "treat"] = "watch"  # what an alarm of the health monitor does


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """All that defines a run; saved as config.yaml and read back from it."""

    preset: str = "cyclegan"
    method: MethodConfig = field(default_factory=CycleGANConfig)  # its class follows from the preset
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    @property
    def steps(self) -> int:
        """Planned steps; 0 while the run has no length."""
        return -(-(self.train.total_nimg or 0) // self.train.batch)
