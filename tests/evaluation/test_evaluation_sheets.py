"""Contact sheets, tables of pictures, and the drawing board below them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.evaluation import canvas, contact_sheet, grid_sheet
from impasto.images import read

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def plain(color: tuple[float, float, float], height: int, width: int) -> Tensor:
    return torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, height, width)


def box_of(sheet: Tensor, color: tuple[float, float, float]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the rectangle of this very color."""
    rows, columns = (sheet[0] == torch.tensor(color).view(3, 1, 1)).all(0).nonzero().unbind(1)
    top, left = int(rows.min()), int(columns.min())
    height, width = int(rows.max()) - top + 1, int(columns.max()) - left + 1
    assert len(rows) == height * width  # a whole rectangle, nothing drawn over it
    return top, left, height, width


def test_pictures_of_any_shape_stand_in_a_row_on_one_line() -> None:
    sheet = contact_sheet(
        [("photo", plain(RED, 30, 60)), ("style", plain(GREEN, 200, 50)), ("result", plain(BLUE, 7, 7))], cell=100
    )
    boxes = [box_of(sheet, color) for color in (RED, GREEN, BLUE)]
    assert [box[2:] for box in boxes] == [(50, 100), (100, 25), (100, 100)]
    assert len({top + height for top, _, height, _ in boxes}) == 1
    ends = [(left, left + width) for _, left, _, width in boxes]
    assert ends[0][1] < ends[1][0] < ends[1][1] < ends[2][0]
    assert 0 <= float(sheet.min()) <= float(sheet.max()) <= 1


def test_captions_are_drawn_below_and_the_title_above() -> None:
    picture = plain(RED, 50, 50)
    bare = contact_sheet([("", picture)], cell=100)
    captioned = contact_sheet([("harbour.jpg", picture)], cell=100)
    titled = contact_sheet([("", picture)], cell=100, title="The gallery")
    assert captioned.shape[2] > bare.shape[2]
    assert box_of(captioned, RED)[0] == box_of(bare, RED)[0]
    assert box_of(titled, RED)[0] > box_of(bare, RED)[0]
    below = captioned[:, :, box_of(captioned, RED)[0] + 102 :]
    assert float(below.min()) < 0.6  # ink


@pytest.mark.parametrize(("count", "columns", "rows"), [(3, None, 1), (4, None, 1), (9, None, 2), (5, 2, 3)])
def test_rows_are_filled(count: int, columns: int | None, rows: int) -> None:
    pictures = [("", plain((index * 17 / 255, 0, 0), 20, 20)) for index in range(count)]
    sheet = contact_sheet(pictures, columns=columns, cell=32)
    tops = {box_of(sheet, (index * 17 / 255, 0, 0))[0] for index in range(count)}
    assert len(tops) == rows


def test_the_table_labels_rows_and_columns_and_leaves_gaps() -> None:
    pictures = [[plain(RED, 40, 40), None], [plain(GREEN, 40, 40), plain(BLUE, 40, 40)]]
    sheet = grid_sheet(["stroke 1", "stroke 2"], ["strength 30", "strength 60"], pictures, cell=80)
    red, green, blue = (box_of(sheet, color) for color in (RED, GREEN, BLUE))
    assert red[1] == green[1] < blue[1]
    assert red[0] < green[0] == blue[0]
    left_of_red = sheet[0, :, red[0] : red[0] + 80, : red[1] - 2]
    above_red = sheet[0, :, : red[0] - 2, red[1] : red[1] + 80]
    assert float(left_of_red.min()) < 0.6
    assert float(above_red.min()) < 0.6


def test_the_sheet_is_written_and_replaced(tmp_path) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(b"what stood here before")
    sheet = contact_sheet([("a", torch.rand(1, 3, 20, 20))], path, cell=64)
    assert torch.equal(read(path).pixels, sheet)
    assert list(tmp_path.iterdir()) == [path]


def test_odd_pictures_are_drawn_all_the_same() -> None:
    broken = torch.full((1, 3, 5, 5), torch.nan)
    sheet = contact_sheet(
        [("thin", torch.rand(1, 3, 400, 1)), ("grey", torch.rand(1, 1, 9, 9)), ("broken", broken)], cell=40
    )
    assert bool(torch.isfinite(sheet).all())


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(InputError, match="at least one"):
        contact_sheet([])
    with pytest.raises(InputError, match=r"\(2, 3, 4, 4\); allowed is \(1, 3"):
        contact_sheet([("two", torch.rand(2, 3, 4, 4))])
    with pytest.raises(OptionError, match="cell is 3"):
        contact_sheet([("a", torch.rand(1, 3, 4, 4))], cell=3)
    with pytest.raises(OptionError, match="columns is 0"):
        contact_sheet([("a", torch.rand(1, 3, 4, 4))], columns=0)
    with pytest.raises(InputError, match="2 rows of 1"):
        grid_sheet(["a", "b"], ["c"], [[None]])


def test_long_labels_are_cut_in_the_middle_and_foreign_letters_spelled() -> None:
    assert canvas.text("a very long name of a picture.jpg", 16, width=90).width <= 92
    assert canvas.text("Café", 16).tobytes() == canvas.text("Cafe", 16).tobytes()
    assert canvas.text("Straße – 2×", 16).tobytes() == canvas.text("Strasse - 2x", 16).tobytes()
    assert canvas.text("絵", 16).tobytes() == canvas.text("?", 16).tobytes()
