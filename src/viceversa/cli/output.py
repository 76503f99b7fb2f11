"""How commands print their results: aligned lines, or one JSON document."""

import json
from typing import Any


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_values(values: dict[str, Any]) -> None:
    """Print a dict as aligned lines."""
    for key, value in values.items():
        lines = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            lines = ["  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in value.items())]
        for i, line in enumerate(lines):
            print(f"{key.replace('_', ' ') if i == 0 else '':<14} {line}")


def print_diagnosis(result: dict[str, Any]) -> None:
    """Print verdict, symptoms with remedies, treatments, and the checks at which the verdict changed."""
    print(f"{result['verdict']} at step {result['step']} of {result['steps']}")
    for symptom in result["symptoms"]:
        where = f" ({symptom['where']})" if symptom["where"] else ""
        print(
            f"\n{symptom['level']}: {symptom['symptom']}{where}, since step {symptom['since']}\n  {symptom['sentence']}"
        )
        for remedy in symptom["try"]:
            effect = f"\n      when measured, {remedy['effect']}" if remedy["effect"] else ""
            print(f"  try {remedy['words']}\n      {remedy['title']}; cost: {remedy['cost']}{effect}")
    for line in result["treatments"]:
        print(f"\ntreated at step {line['step']}: {line['symptom']}, back to step {line['back_to']}, {line['title']}")
    print("\ntimeline")
    for line in result["timeline"]:
        print(f"  step {line['step']:>7}  {line['verdict']:<6} {', '.join(line['symptoms'])}")
