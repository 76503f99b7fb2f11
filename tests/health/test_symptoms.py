"""Rules over histories: each fires on its own sick history, all are silent on healthy ones, none hears a loss alone."""

import math
from dataclasses import replace

import pytest

from viceversa import settings
from viceversa.health.catalogue import (
    CURES,
    EFFECTS,
    REMEDIES,
    TRANSLATION_CURES,
    changes,
    cures,
    decisive,
    effect_in_words,
    measured,
)
from viceversa.health.history import HistoryContext
from viceversa.health.symptoms import NOISE, TRANSLATION, Verdict, examine, overall
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.methods.gan import GANConfig
from viceversa.methods.wgan import WGANConfig
from viceversa.runs.presets import PRESETS, preset

GAN = HistoryContext.of(GANConfig(), ("digits",), 1000)
CYCLE = HistoryContext.of(CycleGANConfig(), ("apples", "oranges"), 1000)
HEALTHY = dict(
    D=1.1, G=0.9, auc=0.8, diversity=0.98,
    coverage=0.6, coverage_floor=0.87, lost=0.02, distance=3.0, distance_floor=1.0,
    gap=0.2, shares=[0.25, 0.25, 0.25, 0.25],
)  # fmt: skip
GOOD = dict(diversity=0.9, retrieval=1.0, luminance=0.8, checkerboard=1.1, distance=30.0, distance_floor=20.0,
            distance_source=100.0, change=0.6, cycle=0.05, gain=1.2, noisy_cycle=0.06)  # fmt: skip
SICK = {
    "d-wins": dict(D=0.05, G=6.0, auc=0.995, distance=45.0),
    "g-wins": dict(D=4.0, G=0.02, auc=0.02, distance=45.0),
    "collapse": dict(diversity=0.1, coverage=0.01),
    "partial-collapse": dict(lost=0.5),
    "memorising": dict(gap=0.8, auc=0.99),
}
SICK_WAY = {
    "input-ignored": dict(diversity=0.05, retrieval=0.06),
    "nothing-translated": dict(change=0.02, distance=99.0),
    "inversion": dict(luminance=-0.7),
    "checkerboard": dict(checkerboard=8.0),
    "hidden-information": dict(gain=12.0, noisy_cycle=0.5),
    "good-cycle-bad-output": dict(distance=95.0, cycle=0.01),
}
STAYED = dict(way=0.1, typical_ratio=1.02, mean_ratio=0.98)  # translations that are where their inputs were


def gan(**sick):
    """Ten looks of a GAN, sick from the second on."""
    first = HEALTHY | {"distance": 50.0}
    return [{"step": 50, **first}] + [{"step": 100 * i, **HEALTHY, **sick} for i in range(1, 10)]


def cyclegan(way="ab", **sick):
    """Ten looks of a CycleGAN, one direction sick from the second on; its D knows."""
    lines = []
    for i in range(10):
        line = {"step": 100 * i or 50, "D_A": 0.2, "D_B": 0.2, "gan": 0.6, "auc_A": 0.8, "auc_B": 0.8}
        for w in ("ab", "ba"):
            line |= {f"{k}_{w}": v for k, v in (GOOD if i else GOOD | {"distance": 100.0}).items()}
        if sick and i:
            line |= {f"{k}_{way}": v for k, v in sick.items()}
            line |= {"auc_B": 0.99, "D_B": 0.01} if way == "ab" else {"auc_A": 0.99, "D_A": 0.01}
        lines.append(line)
    return lines


def placed(signals):
    """A healthy CycleGAN whose translations a -> b have a measured place between the domains."""
    return [line | {f"{name}_ab": value for name, value in signals.items()} for line in cyclegan()]


def alarms(lines, facts):
    return [(v.symptom, v.where) for v in examine(lines, facts) if v.level == "alarm"]


def test_every_rule_is_tested_and_has_remedies():
    assert set(SICK) | {"oscillation"} == {rule.symptom for rule in NOISE}
    assert set(SICK_WAY) | {"d-wins", "g-wins", "no-nearer-to-target"} == {rule.symptom for rule in TRANSLATION}
    assert {r.symptom for r in (*NOISE, *TRANSLATION)} | {"non-finite"} == set(CURES)
    assert {name for names in CURES.values() for name in names} <= set(REMEDIES)


@pytest.mark.parametrize("symptom", SICK)
def test_each_gan_symptom_fires_alone(symptom):
    lines = gan(**SICK[symptom])
    assert alarms(lines, GAN) == [(symptom, "")]
    (verdict,) = examine(lines, GAN)
    assert verdict.since == (300 if symptom == "partial-collapse" else 200)  # lost kinds must stay lost
    assert verdict.remedies == CURES[symptom] and verdict.remedies and "nan" not in verdict.sentence
    first = verdict.since // 100 + 1
    assert [examine(lines[:n], GAN)[0].level for n in (first, first + 1)] == ["watch", "alarm"]


@pytest.mark.parametrize("way", ["ab", "ba"])
@pytest.mark.parametrize("symptom", SICK_WAY)
def test_each_translation_symptom_fires_in_its_direction(symptom, way):
    where = "apples -> oranges" if way == "ab" else "oranges -> apples"
    assert alarms(cyclegan(way, **SICK_WAY[symptom]), CYCLE) == [(symptom, where)]


@pytest.mark.parametrize("name", [name for name in PRESETS if preset(name).method.adversarial])
def test_every_remedy_can_be_trained(name):
    """Each change that is proposed for a preset is one that `train` takes, and changes something."""
    config = preset(name)
    proposed = 0
    for symptom in CURES:
        for remedy in cures(symptom, config.method.translates):
            if change := changes(remedy, config.method):
                assert settings.changed(config, {key: str(value) for key, value in change.items()}) != config
                proposed += 1
    assert proposed


def test_only_remedies_that_helped_are_listed():
    for table in (CURES, TRANSLATION_CURES):
        for symptom, remedies in table.items():
            for remedy in remedies:
                effect = decisive(remedy, symptom)
                if table is CURES or symptom not in ("d-wins", "g-wins"):  # measured on GANs, or under another symptom
                    assert effect and effect["verdict"] == "helps", (symptom, remedy)
                    assert str(effect["n"]) in effect_in_words(effect)
    assert {effect["unit"] for effects in measured().values() for effect in effects} == set(EFFECTS)


def test_remedies_fit_the_method():
    """`relativistic` is no loss of CycleGAN, a light cycle is not made heavier, slower Ds are not for translators."""
    assert changes("relativistic", CycleGANConfig()) == {} != changes("relativistic", GANConfig())
    assert changes("lighter-cycle", CycleGANConfig(lambda_cyc=1.0)) == {}
    assert changes("lighter-cycle", CycleGANConfig())["method.lambda_cyc"] == 2
    assert cures("d-wins", True) == ("lighter-cycle",) and "lower-d-rate" in cures("d-wins", False)


@pytest.mark.parametrize(
    ("signals", "named"),
    [
        (STAYED, True),
        (STAYED | {"typical_ratio": 0.7}, False),
        (STAYED | {"way": 0.8}, False),  # inputs that were as typical of the target as real images
        (STAYED | {"way": 0.8, "mean_ratio": 1.2}, True),  # artefacts: one direction gained, others lost
        ({"typical_ratio": 1.02, "mean_ratio": 0.98}, False),  # domains that are not distinguished
    ],
)
def test_translations_that_stay_where_their_inputs_are(signals, named):
    verdicts = examine(placed(signals), CYCLE)
    assert [(v.symptom, v.level, v.since) for v in verdicts] == [("no-nearer-to-target", "watch", 600)] * named


def test_a_run_is_not_scolded_before_its_half():
    lines = placed(STAYED)
    assert examine(lines[:6], CYCLE) == [] != examine(lines[:7], CYCLE)


@pytest.mark.parametrize("symptom", ["good-cycle-bad-output", "d-wins"])
def test_nearer_translations_are_not_bad_because_photographs_differ(symptom):
    """Texture of photographs is as far as at the first check, which a good run passed soon after its start."""
    sick = SICK_WAY["good-cycle-bad-output"] | {"gan": 9.0}
    lines = cyclegan(**sick)
    for line in lines[1:]:
        line |= {"gan": 9.0}
    assert symptom in [name for name, _ in alarms(lines, CYCLE)]
    for line in lines:
        line |= {"way_ab": 0.8, "typical_ratio_ab": 0.6, "mean_ratio_ab": 0.5}
    assert alarms(lines, CYCLE) == []


def test_single_check_compares_with_the_inputs():
    """A run shorter than one interval is checked at its end only, and compared with its untranslated inputs."""
    (line,) = cyclegan(**SICK_WAY["good-cycle-bad-output"])[9:]
    assert [v.level for v in examine([line], CYCLE)] == ["watch"]
    assert examine([line | {"distance_ab": 45.0}], CYCLE) == []


def test_oscillation_fires():
    lines = gan()
    for i, line in enumerate(lines):
        line |= {"shares": [float(k == i % 4) for k in range(4)], "distance": 45.0}
    assert alarms(lines, GAN) == [("oscillation", "")]


def test_batch_norm_remedy_is_for_plain_gan_discriminators():
    bare = GANConfig(d_norm="none")
    assert changes("norm", bare) == {"method.d_norm": "batch"}
    for other in (GANConfig(), replace(bare, r1=1.0), WGANConfig(), CycleGANConfig(d_norm="none")):
        assert changes("norm", other) == {}


def test_healthy_histories_fire_nothing():
    assert examine(gan(), GAN) == [] and examine(cyclegan(), CYCLE) == []
    assert overall([]) == "ok"


def test_regional_change_is_no_missing_translation():
    """A mouth is little of a portrait; without that signal, as in runs of before, the mean decides."""
    for most, named in ((0.05, True), (0.6, False), (None, True)):
        lines = cyclegan(**SICK_WAY["nothing-translated"] | ({"most_change": most} if most else {}))
        assert alarms(lines, CYCLE) == [("nothing-translated", "apples -> oranges")] * named


@pytest.mark.parametrize("loss", [dict(D=1e-6, G=50.0), dict(D=9.0, G=1e-6), dict(D=1e-6, G=50.0, auc=0.999)])
def test_no_loss_alone_raises_an_alarm(loss):
    assert examine(gan(**loss), GAN) == []


def test_missing_signals_fire_nothing():
    bare = [{"step": 100 * i, "D": 1e-6, "G": 99.0, "auc": 1.0} for i in range(10)]
    assert examine(bare, GAN) == [] and examine(bare, CYCLE) == []
    assert examine([], GAN) == []


def test_grace_period_fires_nothing():
    lines = [{"step": 10 * i, **HEALTHY, **SICK["collapse"]} for i in range(1, 10)]
    assert examine(lines, GAN) == []


def test_alarm_clears_after_two_good_checks():
    lines = gan(**SICK["collapse"])[:6]
    well = [{"step": 1000 + 100 * i, **HEALTHY} for i in range(3)]
    assert alarms([*lines, *well[:1]], GAN) == [("collapse", "")]
    assert examine([*lines, *well[:2]], GAN) == []


def test_nonfinite_is_an_alarm_of_its_step():
    verdict = Verdict.not_finite(7, "the loss D")
    assert (verdict.level, verdict.since, overall([verdict])) == ("alarm", 7, "alarm")
    assert verdict.sentence.startswith("The loss D is not finite")


def test_remedies_change_existing_fields_once():
    config = GANConfig(lr_g=1e-4, lr_d=4e-4)
    assert changes("balance-rates", config) == {"method.lr_g": 2e-4, "method.lr_d": 2e-4}
    proven = {"method.lr_g": 1e-3, "method.lr_d": 5e-4}
    assert changes("proven-rates", config) == proven
    assert changes("proven-rates", GANConfig(lr_g=1e-3, beta1=0.9)) == {"method.lr_d": 5e-4, "method.beta1": 0.5}
    assert changes("proven-rates", CycleGANConfig()) == {}  # the paper's already
    assert changes("lower-d-rate", config) == {"method.lr_d": 1e-4}
    assert changes("packing", config) == {"method.packing": 2}
    assert changes("packing", GANConfig(packing=2)) == {}
    assert changes("packing", CycleGANConfig()) == {} == changes("lighter-cycle", config)
    assert changes("relativistic", WGANConfig()) == {}
    assert changes("relativistic", GANConfig(smoothing=0.1))["method.smoothing"] == 0
    for name in REMEDIES:
        for method in (GANConfig(), WGANConfig(), CycleGANConfig()):
            for key, value in changes(name, method).items():
                assert getattr(method, key.removeprefix("method.")) != value
                assert not isinstance(value, float) or math.isfinite(value)
