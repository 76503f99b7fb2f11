"""How long a run is and how its learning rates fall: by a number of images, or by the time it may take."""

import math
from bisect import bisect_right
from dataclasses import asdict, dataclass
from json import dumps

from .. import distributed, files
from ..optimize import linear_decay
from ..runs.config import TrainConfig
from ..runs.folder import RunFolder

WARMUP_PART = 5  # the warm-up of the discriminators takes at most 1 / WARMUP_PART of a run
REVISIONS = 40  # of the length of a run whose time is given: one after each 1 / REVISIONS of that time
CLOSING_SHARE = 0.01  # of the time, kept for the report after the last step


@dataclass(frozen=True)
class Schedule:
    """Length of a run and decay of its learning rates, in images. Steps are counted from 0."""

    total_nimg: int
    decay_from_nimg: int
    decay_every_nimg: int
    batch: int

    @property
    def steps(self) -> int:
        return math.ceil(self.total_nimg / self.batch)

    def share(self, step: int) -> float:
        """The share of the run that is over after `step` steps."""
        return step / self.steps

    def rate(self, step: int) -> float:
        """Factor on the learning rates during a step."""
        return self.rate_at(step)

    def rate_at(self, position: float) -> float:
        """The factor after `position` of the planned steps."""
        nimg = int(position * self.batch)
        return linear_decay(nimg, self.total_nimg, self.decay_from_nimg, self.decay_every_nimg)

    def is_warmup(self, step: int, most: int) -> bool:
        """True if a step belongs to a warm-up of `most` steps, or of a WARMUP_PART of the run where that is less."""
        return step < min(most, self.steps // WARMUP_PART)

    def is_due(self, step: int, times: int) -> bool:
        """True after each of `times` equal parts of the run: after `step` steps something regular is to happen."""
        return step % max(1, round(self.steps / times)) == 0

    def follow(self, step: int, elapsed: float, closing: float) -> None:
        """Nothing: the number of steps is fixed."""


def schedule(train: TrainConfig, total_nimg: int, epoch_nimg: int) -> Schedule:
    """The schedule of `total_nimg` images; rates decay by step, or by epoch where at least two epochs decay."""
    start = round(total_nimg * train.decay_from)
    by_epoch = train.decay_every == "epoch" and total_nimg - start >= 2 * epoch_nimg
    return Schedule(total_nimg, start, epoch_nimg if by_epoch else train.batch, train.batch)


@dataclass(frozen=True)
class Revision:
    """After `step` steps the share `share` of a run's time was over; it was then expected to have `steps` in all."""

    step: int
    share: float
    steps: int


class TimedSchedule:
    """A schedule that follows the clock: the share of the time that is over takes the place of the share of the steps.

    The number of steps is estimated anew after each 1 / REVISIONS of the time and at the end. Between two revisions the
    share grows evenly with the steps. Every revision is a line of the run's plan.jsonl; a resumed run takes those that
    are there instead of its clock, so that it repeats the same steps with the same rates.
    """

    def __init__(self, planned: Schedule, run: RunFolder, seconds: float) -> None:
        self.planned, self.run, self.seconds = planned, run, seconds
        lines = run.read_lines(run.plan)
        self.revisions = [Revision(0, 0.0, planned.steps), *(Revision(**line) for line in lines)]
        self.mark: tuple[int, float] | None = None  # step and time from which the pace is measured

    @property
    def steps(self) -> int:
        return self.revisions[-1].steps

    def share(self, step: int) -> float:
        """The share of the time that is over after `step` steps, by the revisions so far."""
        latest = self.revisions[bisect_right(self.revisions, step, key=lambda revision: revision.step) - 1]
        way = (step - latest.step) / max(1, latest.steps - latest.step)
        return latest.share + (1 - latest.share) * min(1.0, way)

    def rate(self, step: int) -> float:
        """Factor on the learning rates during a step."""
        return self.planned.rate_at(self.share(step) * self.planned.steps)

    def is_warmup(self, step: int, most: int) -> bool:
        """True if a step belongs to a warm-up of `most` steps, or of a WARMUP_PART of the time where that is less."""
        return step < most and self.share(step) < 1 / WARMUP_PART

    def is_due(self, step: int, times: int) -> bool:
        """True after each of `times` equal parts of the time: after `step` steps something regular is to happen."""
        return int(self.share(step) * times) > int(self.share(step - 1) * times)

    def follow(self, step: int, elapsed: float, closing: float) -> None:
        """Revise the length before the next step where that is due; the same on every rank.

        `step` steps are done, `elapsed` seconds of the run are over, and `closing` seconds are needed after the last
        step.
        """
        if self.mark is None:
            self.mark = step, elapsed
            if step >= self.steps:
                return  # a finished run, opened again
        recorded = 0 < step <= self.revisions[-1].step
        deadline = max(self.seconds * (1 - CLOSING_SHARE) - closing, self.seconds / 2)
        revision = None if recorded else self.revision(step, elapsed, deadline)
        revision = distributed.broadcast_from_rank0(revision)
        if revision is None:
            return

        self.revisions.append(revision)
        self.mark = step, elapsed
        if distributed.rank() == 0:
            files.append_line(self.run.plan, dumps(asdict(revision)))

    def revision(self, step: int, elapsed: float, deadline: float) -> Revision | None:
        """The revision that is due; none where none is. The last step is to end at `deadline`, in seconds of the run.

        The share never falls: where more steps were done than expected, the next ones advance it less.
        """
        if self.mark is None or step == self.mark[0]:
            pace = max(deadline - elapsed, 0.0) / max(1, self.steps - step)  # none is measured: as planned
        else:
            pace = (elapsed - self.mark[1]) / (step - self.mark[0])  # seconds for a step
        left = round((deadline - elapsed) / pace) if pace > 0 else 0  # steps that still fit
        if step >= self.steps and left < 1:
            return Revision(step, 1.0, step)  # the run is over
        left = max(1, left)

        over, expected = min(elapsed / deadline, 1.0), self.share(step)
        due = over - self.revisions[-1].share >= 1 / REVISIONS or expected - over >= 1 / REVISIONS
        ends = left == 1 or step + 1 >= self.steps
        if not (due or ends) or step + left == self.steps:
            return None
        return Revision(step, round(max(over, expected), 6), step + left)

    def forget_after(self, step: int) -> None:
        """Drop the revisions after `step`, to which a treatment has led the run back while its clock went on."""
        self.revisions = [revision for revision in self.revisions if revision.step <= step]
        if distributed.rank() == 0:
            files.write_text(self.run.plan, "".join(dumps(asdict(r)) + "\n" for r in self.revisions[1:]))
