"""The four chapters: titles, and introductions in English and French from the folder `text`."""

from dataclasses import dataclass
from importlib.resources import files as resources


@dataclass(frozen=True)
class Chapter:
    """Number and titles of a chapter; its introduction may contain the marks of blocks.py."""

    number: int
    title: str
    french_title: str

    @property
    def page(self) -> str:
        return f"chapter-{self.number}.html"

    def introduction(self, language: str) -> list[str]:
        """Paragraphs of the introduction in `en` or `fr`."""
        return paragraphs(f"chapter-{self.number}.{language}.txt")


CHAPTERS = (
    Chapter(1, "The perceptron and its layers", "Le perceptron et ses couches"),
    Chapter(2, "Convolutional networks", "Les réseaux à convolutions"),
    Chapter(3, "Generative adversarial networks", "Les réseaux génératifs adverses"),
    Chapter(4, "CycleGAN: there and back", "CycleGAN : aller et retour"),
)


def paragraphs(name: str) -> list[str]:
    """Paragraphs of a file in `text`, separated by empty lines."""
    text = resources(__package__).joinpath("text", name).read_text(encoding="utf-8")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
