"""How commands print what they found: aligned lines, or one JSON document."""

import json
from typing import Any


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_values(values: dict[str, Any], as_json: bool) -> None:
    """A dict as JSON, or as aligned lines."""
    if as_json:
        return print_json(values)
    for key, value in values.items():
        lines = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            lines = ["  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in value.items())]
        for i, line in enumerate(lines):
            print(f"{key.replace('_', ' ') if i == 0 else '':<14} {line}")
