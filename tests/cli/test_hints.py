"""Hints: words of other tools lead to commands, options and knobs that exist."""

import re
import shlex

import pytest
from cyclopts import CycloptsError

from support.tiny import draw_world
from viceversa import cli
from viceversa.cli.app import app, commands, options
from viceversa.cli.hints import HINTS, find_hint

LINES = [  # as people who know another tool would write it, and what the answer must name
    # pytorch-CycleGAN-and-pix2pix
    ("train --dataroot ./datasets/maps --name maps --model cycle_gan", "viceversa train A B"),
    ("train DATA --name maps", "--out runs/fruit"),
    ("train DATA --model cycle_gan", "--preset cyclegan"),
    ("train DATA --gpu_ids 0,1", "--device cuda"),
    ("train DATA --gpu_ids=-1", "--device cpu"),
    ("train DATA --batch_size 4", "--set train.batch=4"),
    ("train DATA --n_epochs 100", "--set train.epochs=100"),
    ("train DATA --n_epochs_decay 100", "--set train.decay_from=0.5"),
    ("train DATA --continue_train", "same command resumes"),
    ("train DATA --epoch_count 20", "same command resumes"),
    ("train DATA --load_size 286", "--set data.load=286"),
    ("train DATA --crop_size 256", "--size 128"),
    ("train DATA --preprocess scale_width", "--set data.fit=cover"),
    ("train DATA --no_flip", "--set data.flip=false"),
    ("train DATA --lambda_A 10", "--set method.lambda_cyc=10"),
    ("train DATA --lambda_identity 0.5", "--set method.lambda_idt=5"),
    ("train DATA --direction BtoA", "--set data.swap=true"),
    ("train DATA --checkpoints_dir ./checkpoints", "--out runs/fruit"),
    ("train DATA --netG unet_256", "--set method.generator=resnet"),
    ("train DATA --netD n_layers", "--set method.d_layers=3"),
    ("train DATA --ngf 32", "--set method.width=64"),
    ("train DATA --gan_mode lsgan", "--set method.loss=lsgan"),
    ("train DATA --pool_size 0", "--set method.pool=50"),
    ("train DATA --input_nc 1", "--set method.channels_a=1"),
    ("train DATA --num_threads 4", "--set train.threads=2"),
    ("train DATA --save_epoch_freq 5", "--save-every 500"),
    ("train DATA --display_id 0", "report.html"),
    ("train DATA --use_wandb", "--tensorboard"),
    ("translate RUN photos --to A --results_dir out", "--out translated/"),
    ("translate --dataroot photos --name maps", "viceversa translate RUN photos/"),
    ("translate RUN photos --out x --direction AtoB", "--to B"),
    ("test", "viceversa translate RUN"),
    # Ultralytics
    ("predict model=best.pt source=photos", "viceversa translate RUN photos/ --to B"),
    ("val", "viceversa evaluate RUN"),
    ("train DATA --batch 16", "--set train.batch=4"),
    ("train DATA --imgsz 640", "--size 128"),
    ("train DATA --epochs 3", "--max-time 2h"),
    ("train DATA --workers 8", "--set train.threads=2"),
    ("train DATA --lr0 0.01", "--set method.lr_g=0.0002"),
    ("train DATA --patience 10", "--on-symptom stop"),
    ("train DATA --amp", "--precision bf16"),
    ("train DATA --resume", "viceversa runs show RUN"),
    ("checks", "viceversa doctor"),
    ("benchmark", "viceversa bench"),
    ("cfg", "--dry-run"),
    # Lightning
    ("fit", "viceversa train A B"),
    ("validate", "viceversa evaluate RUN"),
    ("train DATA --accelerator gpu", "--device cuda"),
    ("train DATA --max_epochs 3", "--set train.epochs=100"),
    ("train DATA --ckpt_path last.ckpt", "same command resumes"),
    ("train DATA --log_every_n_steps 5", "--set train.log_every=10"),
    ("train DATA --default_root_dir x", "--out runs/fruit"),
    # diffusers and Kohya
    ("train DATA --train_batch_size 4", "--set train.batch=4"),
    ("train DATA --learning_rate 1e-4", "--set method.lr_d=0.0002"),
    ("train DATA --max_train_steps 100", "--steps 2000"),
    ("train --train_data_dir x --output_dir y", "viceversa train A B"),
    ("train DATA --resolution 512", "--size 128"),
    ("train DATA --mixed_precision fp16", "--precision fp32"),
    ("train DATA --gradient_checkpointing", "--set method.recompute=true"),
    ("train DATA --gradient_accumulation_steps 2", "--set method.micro_batches=2"),
    ("train DATA --checkpointing_steps 500", "--save-every 500"),
    ("train DATA --resume_from_checkpoint latest", "same command resumes"),
    ("train DATA --use_ema", "--set method.ema=0.99"),
    ("train DATA --report_to tensorboard", "--tensorboard"),
    # words that anybody may try
    ("inference", "viceversa translate RUN"),
    ("eval", "viceversa evaluate RUN"),
    ("fid a b", "viceversa evaluate GENERATED REAL"),
    ("resume runs/x", "viceversa runs show RUN"),
    ("finetune", "viceversa train A B --out RUN"),
    ("init", "viceversa train A B --out RUN"),
    ("download horse2zebra", "viceversa data get NAME"),
    ("data download horse2zebra", "viceversa data get NAME"),
    ("gui", "report.html"),
    ("tensorboard", "viceversa train A B --tensorboard"),
    ("info", "viceversa doctor"),
    ("ls", "viceversa runs list"),
    ("train DATA --FP16", "--precision bf16"),
    ("train DATA --gpu", "--device cuda"),
    ("train DATA --lr=0.1", "--set method.lr_g=0.0002"),
    ("train DATA --set batch_size=8", "--set train.batch=4"),
    ("train DATA --set lr=0.1", "--set method.lr_g=0.0002"),
    ("--install-completion", "viceversa completion --install"),
    ("evaluate RUN --dims 2048", "--extractor worlds-1"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return draw_world(tmp_path_factory.mktemp("hints") / "data", {"trainA": 4, "trainB": 4})


@pytest.mark.parametrize(("line", "answer"), LINES, ids=[line for line, _ in LINES])
def test_a_word_of_another_tool_leads_to_the_right_place(line, answer, folder, capsys):
    assert cli.run(line.replace("DATA", str(folder)).split()) == 2
    out, err = capsys.readouterr()
    assert answer in err
    assert out == "" and len(err.splitlines()) == 1 and "Did you mean" not in err


def test_at_least_forty_lines_are_tried():
    assert len(LINES) >= 40


INSTRUCTIONS = sorted(
    {
        (chain, instruction)
        for chain, hints in HINTS.items()
        for hint in hints.values()
        for instruction in re.findall("`([^`]+)`", hint)
    }
)
BEFORE = {"train": ["train", "A", "B"], "translate": ["translate", "RUN", "photos/"], "evaluate": ["evaluate", "RUN"]}
NEEDED = {"--to": "A", "--out": "translated/"}  # of translate


@pytest.mark.parametrize(("chain", "instruction"), INSTRUCTIONS, ids=lambda value: value or "viceversa")
def test_every_instruction_parses(chain, instruction):
    words = shlex.split(instruction)
    if words[0] == "viceversa":
        words = words[1:]
    else:
        words = BEFORE[chain] + words
        if chain == "translate":
            words += [word for name, value in NEEDED.items() if name not in words for word in (name, value)]
    try:
        app.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        pytest.fail(f"{instruction}: {error}")


KNOBS = sorted({instruction for chain, instruction in INSTRUCTIONS if chain == "train" and "--set" in instruction})


@pytest.mark.parametrize("instruction", KNOBS)
def test_every_knob_of_an_instruction_can_be_set(instruction, folder, capsys):
    words = ["train", str(folder), *shlex.split(instruction), "--dry-run"]
    if "pix2pix" not in instruction:
        words += ["--preset", "cyclegan"]
    assert cli.run(words) == 0, capsys.readouterr().err


@pytest.mark.parametrize("chain", [chain for chain in HINTS if chain])
def test_no_hint_hides_a_name_of_the_command(chain):
    known = {*commands(chain.split()), *options(chain.split())}
    assert known and not known & HINTS[chain].keys()


def test_values_are_not_taken_for_options_or_commands():
    assert find_hint([], ["train", "--names", "predict,test"], ["train"]) is None
    assert find_hint(["train"], ["train", "A", "resume"], []) is None
    assert find_hint([], ["predict"], ["predict"]) is None  # a command of this name is not hidden
