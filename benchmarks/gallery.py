"""Figures of a finished campaign as the gallery of the documentation: images, and the page that shows them.

After ``hebe run examples/na-o3-quick.yaml``: ``python benchmarks/gallery.py examples/na-o3-quick.yaml``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from hebe.campaigns.loading import load_campaign
from hebe.report.collect import page_of
from hebe.report.gallery import all_pictures, draw

DOCS: Final = Path(__file__).parents[1] / "docs"
IMAGES: Final = DOCS / "images" / "gallery"

HEAD: Final = """# Gallery

Every figure of the report that the quick example (`examples/na-o3-quick.yaml`) has, drawn by
`python benchmarks/gallery.py`. Each is written on its own as SVG, PNG (300 dots per inch) or PDF by
`hebe plot NAME CAMPAIGN -o FILE`, or from Python by `hebe.plot(NAME, CAMPAIGN).save(FILE)`. Letters are 9 pt at 148 mm;
colours are told apart with every kind of colour vision.
"""


def main(path: Path) -> None:
    """Draw all figures that the campaign has, and write the page."""
    page = page_of(load_campaign(path), crystals=False)
    IMAGES.mkdir(parents=True, exist_ok=True)
    parts = [HEAD]
    for name, picture in all_pictures().items():
        if picture.draw(page) is None:
            continue
        drawing = draw(name, page)
        drawing.save(IMAGES / f"{name}.svg")
        parts.append(f"## `{name}`\n\n![{drawing.title}](images/gallery/{name}.svg)\n\n{picture.caption}.\n")
        print(name)
    (DOCS / "gallery.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
