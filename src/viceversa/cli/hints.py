"""Words of other tools, and what to write instead: options and commands that people know from elsewhere.

They come from the CycleGAN authors' code, Ultralytics, Lightning, diffusers and Kohya's scripts. What stands between
backticks in a hint is a command line, or options of the command in question; a test parses every one.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from types import MappingProxyType

BATCH = "`--set train.batch=4` sets the images per step"
RATES = "G and D have a learning rate each: `--set method.lr_g=0.0002 --set method.lr_d=0.0002`"
LENGTH = "`--max-time 2h` in time, `--steps 2000` in steps, `--set train.epochs=100` in epochs"
DECAY = "the learning rates fall linearly after a share of the run: `--set train.decay_from=0.5`"
RESUME = "the same command resumes a run, without an option; `viceversa runs show RUN` prints it"
RUN_FOLDER = "`--out runs/fruit` names the folder of the run"
DEVICE = "`--device cuda` computes on a GPU, `--device cpu` without"
PRECISION = "`--precision bf16` or `--precision fp32`; by default the faster one is chosen"
SIZE = "`--size 128` is the side of the training images in pixels"
DATA = "the data come first, without an option: `viceversa train A B` or `viceversa train DATA`"
NEW_WEIGHTS = "a run starts from weights of its own: `viceversa train A B --out RUN`; the same command goes on with it"
THREADS = "images are read in the background; `--set train.threads=2` sets the CPU threads that compute"
SAVE = "`--save-every 500` is in steps; by default every two minutes"
LOG = "`--set train.log_every=10` is in steps; `--set train.samples=10` counts sample sheets over the run"
CURVES = "every run writes report.html with its curves; `--tensorboard` writes events too"
GENERATOR = "`--set method.generator=resnet --set method.blocks=9`"
MEMORY = "less memory at the same result: `--set method.micro_batches=2`, `--set method.recompute=true`"

TRAIN = {
    "--batch": BATCH,
    "--batch-size": BATCH,
    "--train-batch-size": BATCH,
    "--lr": RATES,
    "--lr0": RATES,
    "--learning-rate": RATES,
    "--epochs": LENGTH,
    "--n-epochs": LENGTH,
    "--num-epochs": LENGTH,
    "--num-train-epochs": LENGTH,
    "--max-epochs": LENGTH,
    "--max-train-epochs": LENGTH,
    "--max-steps": LENGTH,
    "--max-train-steps": LENGTH,
    "--niter": LENGTH,
    "--n-epochs-decay": DECAY,
    "--niter-decay": DECAY,
    "--lr-policy": DECAY,
    "--lr-scheduler": DECAY,
    "--resume": RESUME,
    "--resume-from-checkpoint": RESUME,
    "--continue-train": RESUME,
    "--ckpt-path": RESUME,
    "--epoch-count": RESUME,
    "--name": f"{RUN_FOLDER}, `--names apples,oranges` the domains",
    "--checkpoints-dir": RUN_FOLDER,
    "--output": RUN_FOLDER,
    "--output-dir": RUN_FOLDER,
    "--save-dir": RUN_FOLDER,
    "--project": RUN_FOLDER,
    "--default-root-dir": RUN_FOLDER,
    "--gpu": DEVICE,
    "--gpus": DEVICE,
    "--gpu-ids": DEVICE,
    "--devices": DEVICE,
    "--accelerator": DEVICE,
    "--cuda": DEVICE,
    "--no-cuda": DEVICE,
    "--cpu": DEVICE,
    "--fp16": PRECISION,
    "--bf16": PRECISION,
    "--amp": PRECISION,
    "--half": PRECISION,
    "--mixed-precision": PRECISION,
    "--crop-size": SIZE,
    "--fine-size": SIZE,
    "--img-size": SIZE,
    "--imgsz": SIZE,
    "--image-size": SIZE,
    "--resolution": SIZE,
    "--load-size": "`--set data.load=286` is the side before the random crop of `--size 256`",
    "--preprocess": "`--set data.fit=squash` resizes whatever the aspect, `--set data.fit=cover` keeps it",
    "--no-flip": "`--set data.flip=false`",
    "--data": DATA,
    "--dataset": DATA,
    "--dataset-name": DATA,
    "--dataroot": DATA,
    "--data-dir": DATA,
    "--data-root": DATA,
    "--train-data-dir": DATA,
    "--direction": "CycleGAN learns both directions; `--preset pix2pix --set data.swap=true` learns B to A",
    "--model": "`--preset cyclegan` is the paper's recipe, `--preset quickstart` takes minutes",
    "--lambda-a": "one weight for both cycles: `--set method.lambda_cyc=10`",
    "--lambda-b": "one weight for both cycles: `--set method.lambda_cyc=10`",
    "--lambda-cycle": "`--set method.lambda_cyc=10`",
    "--lambda-identity": "the weight itself, not a share of the cycle's: `--set method.lambda_idt=5`",
    "--lambda-l1": "`--preset pix2pix --set method.lambda_l1=100`",
    "--gan-mode": "`--set method.loss=lsgan`",
    "--pool-size": "`--set method.pool=50`",
    "--beta1": "`--set method.beta1=0.5`",
    "--use-ema": "`--set method.ema=0.99`",
    "--ema-decay": "`--set method.ema=0.99`",
    "--netg": GENERATOR,
    "--ngf": "`--set method.width=64`",
    "--netd": "`--set method.d_layers=3` sees patches of 70 pixels",
    "--n-layers-d": "`--set method.d_layers=3`",
    "--ndf": "`--set method.d_width=64`",
    "--norm": "`--set method.d_norm=instance` is of the discriminators",
    "--input-nc": "channels are taken from the data; grey: `--set method.channels_a=1 --set method.channels_b=1`",
    "--output-nc": "channels are taken from the data; grey: `--set method.channels_a=1 --set method.channels_b=1`",
    "--workers": THREADS,
    "--num-workers": THREADS,
    "--num-threads": THREADS,
    "--dataloader-num-workers": THREADS,
    "--save-freq": SAVE,
    "--save-epoch-freq": SAVE,
    "--save-period": SAVE,
    "--save-steps": SAVE,
    "--checkpointing-steps": SAVE,
    "--print-freq": LOG,
    "--display-freq": LOG,
    "--log-every-n-steps": LOG,
    "--logger": CURVES,
    "--report-to": CURVES,
    "--use-wandb": CURVES,
    "--wandb": CURVES,
    "--display-id": CURVES,
    "--patience": "an alarm of the health monitor ends a run with `--on-symptom stop`",
    "--gradient-accumulation-steps": MEMORY,
    "--gradient-checkpointing": MEMORY,
    "--init": NEW_WEIGHTS,
    "--pretrained": NEW_WEIGHTS,
    "--pretrained-model-name-or-path": NEW_WEIGHTS,
    "--weights": NEW_WEIGHTS,
    "--cache": "`--set data.cache_mb=2048` is the memory for decoded images",
    "--deterministic": "on a CPU a run is always reproducible; `--seed 0` starts its random numbers",
}

TRANSLATION = "`viceversa translate RUN photos/ --to B --out translated/`"
RUN_FIRST = f"the run and the pictures come first, without options: {TRANSLATION}"
SCALE = "`--scale native` takes pictures at their own size, `--scale trained` at that of the training"

TRANSLATE = {
    "--results-dir": "`--out translated/`",
    "--output": "`--out translated/`",
    "--output-dir": "`--out translated/`",
    "--save-dir": "`--out translated/`",
    "--project": "`--out translated/`",
    "--direction": "`--to A` or `--to B`, or the name of the domain",
    "--target": "`--to B`, or the name of the domain",
    "--model": RUN_FIRST,
    "--name": RUN_FIRST,
    "--weights": RUN_FIRST,
    "--checkpoint": RUN_FIRST,
    "--checkpoints-dir": RUN_FIRST,
    "--ckpt-path": RUN_FIRST,
    "--dataroot": RUN_FIRST,
    "--source": RUN_FIRST,
    "--input": RUN_FIRST,
    "--input-dir": RUN_FIRST,
    "--gpu": DEVICE,
    "--gpus": DEVICE,
    "--gpu-ids": DEVICE,
    "--cuda": DEVICE,
    "--cpu": DEVICE,
    "--fp16": PRECISION,
    "--half": PRECISION,
    "--size": SCALE,
    "--imgsz": SCALE,
    "--load-size": SCALE,
    "--crop-size": SCALE,
    "--preprocess": SCALE,
}

SCORES = "`viceversa evaluate RUN` scores a run, `viceversa evaluate GENERATED REAL` two folders"

EVALUATE = {
    "--fake": SCORES,
    "--generated": SCORES,
    "--real": SCORES,
    "--gt": SCORES,
    "--dataroot": "`--data DATA` evaluates on another dataset",
    "--metrics": f"every score is computed, each beside its baseline: {SCORES}",
    "--dims": "`--extractor worlds-1` is embedded; a file of converted Inception weights has 2048 features",
}

BEGIN = "no project is needed: `viceversa train A B --out RUN` begins; `viceversa demo` draws images first"
FETCH = "`viceversa data list` lists published datasets, `viceversa data get NAME` fetches one"
PAGE = "every run writes RUN/report.html, a page for the browser; `viceversa runs list` lists runs"
MACHINE = "`viceversa doctor` is about the machine, `viceversa runs show RUN` about a run"
COMPLETION = "`viceversa completion --install`"

COMMANDS = {
    "predict": TRANSLATION,
    "test": f"{TRANSLATION}, then `viceversa evaluate RUN`",
    "infer": TRANSLATION,
    "inference": TRANSLATION,
    "generate": TRANSLATION,
    "sample": TRANSLATION,
    "apply": TRANSLATION,
    "transform": TRANSLATION,
    "fit": "`viceversa train A B`",
    "eval": SCORES,
    "val": SCORES,
    "validate": SCORES,
    "score": SCORES,
    "metrics": SCORES,
    "fid": SCORES,
    "kid": SCORES,
    "resume": RESUME,
    "continue": RESUME,
    "finetune": NEW_WEIGHTS,
    "fine-tune": NEW_WEIGHTS,
    "init": BEGIN,
    "new": BEGIN,
    "create": BEGIN,
    "download": FETCH,
    "fetch": FETCH,
    "get": FETCH,
    "datasets": FETCH,
    "prepare": "`viceversa data check A B` reads every picture once; training takes them as they are",
    "check": "`viceversa data check A B` checks data, `viceversa diagnose RUN` a run, `viceversa doctor` the machine",
    "make": "`viceversa data make orchard DATA`",
    "gui": PAGE,
    "ui": PAGE,
    "webui": PAGE,
    "dashboard": PAGE,
    "visualize": PAGE,
    "plot": PAGE,
    "report": PAGE,
    "show": PAGE,
    "tensorboard": "`viceversa train A B --tensorboard` writes events to RUN/events; every run has a report.html",
    "info": MACHINE,
    "status": MACHINE,
    "env": "`viceversa doctor`",
    "checks": "`viceversa doctor`",
    "list": "`viceversa runs list`",
    "ls": "`viceversa runs list`",
    "config": "`viceversa train A B --dry-run` prints the configuration",
    "cfg": "`viceversa train A B --dry-run` prints the configuration",
    "monitor": "`viceversa diagnose RUN`, also while it trains",
    "health": "`viceversa diagnose RUN`, also while it trains",
    "benchmark": "`viceversa bench`",
    "profile": "`viceversa bench`",
    "tutorial": "`viceversa lab`",
    "learn": "`viceversa lab`",
    "help": "`viceversa --help`",
    "version": "`viceversa --version`",
    "--install-completion": COMPLETION,
    "--show-completion": "`viceversa completion bash` prints the script",
}

HINTS = MappingProxyType(
    {
        "": COMMANDS,
        "train": TRAIN,
        "translate": TRANSLATE,
        "evaluate": EVALUATE,
        "data": {"download": FETCH, "fetch": FETCH, "draw": COMMANDS["make"], "validate": COMMANDS["prepare"]},
    }
)


def find_hint(chain: Sequence[str], words: Sequence[str], known: Collection[str]) -> str | None:
    """What to write instead of the first word that the command at `chain` does not know and another tool does.

    `known` are the names that the command knows. Letter case, - and _ make no difference.
    """
    hints = HINTS.get(" ".join(chain), {})
    expects_command = True
    for word in words[len(chain) :]:
        name = word.partition("=")[0]
        if name.startswith("-") or expects_command:
            key = name.lower().replace("_", "-")
            if name not in known and key in hints:
                kind = "" if name.startswith("-") else "command "
                return f"There is no {kind}{name}: {hints[key]}."
        expects_command = expects_command and name.startswith("-")
    return None


def find_knob_hint(words: Sequence[str]) -> str | None:
    """What to write instead of a key after --set that another tool has as an option, such as `--set batch_size=4`."""
    for option, word in pairwise(words):
        name = word.partition("=")[0]
        hint = TRAIN.get(f"--{name.lower().replace('_', '-')}")
        if option == "--set" and hint:
            return f"--set: there is no key '{name}': {hint}"
    return None
