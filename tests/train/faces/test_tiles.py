"""Sheets of tiles and folders of pictures are read; what is missing is refused by name."""

import cv2
import numpy as np
import pytest

from edge.support.errors import DatasetError
from train.faces.tiles import COLUMNS, TILE, held_out, read_pictures, read_tiles

HEAD = (
    "face,emotion,file,box_x,box_y,box_width,box_height,score,"
    "right_eye_x,right_eye_y,left_eye_x,left_eye_y\n"
)


def write_sheet(folder):
    sheet = np.zeros((2 * TILE, COLUMNS * TILE), np.uint8)
    sheet[TILE:, TILE : 2 * TILE] = 200  # tile 41
    cv2.imwrite(str(folder / "faces-00.jpg"), sheet)
    (folder / "labels.csv").write_text(HEAD + "41,happy,Ann_0001.jpg,24,18,48,60,0.9,40,38,62,40\n")
    return folder


def test_a_tile_is_found_on_its_sheet_with_its_box_and_eyes(tmp_path):
    tiles = read_tiles(write_sheet(tmp_path))
    assert len(tiles) == 1
    assert (tiles.pictures[0] == 200).all()
    assert tiles.boxes[0].tolist() == [24, 18, 48, 60]
    assert tiles.eyes[0].tolist() == [[40, 38], [62, 40]]


def test_a_missing_sheet_or_table_is_refused_by_name(tmp_path):
    with pytest.raises(DatasetError, match=r"labels\.csv"):
        read_tiles(tmp_path)
    write_sheet(tmp_path)
    (tmp_path / "faces-00.jpg").unlink()
    with pytest.raises(DatasetError, match=r"faces-00\.jpg: is missing"):
        read_tiles(tmp_path)


def test_pictures_with_transparency_are_things_the_others_backgrounds(tmp_path):
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.full((50, 60, 3), 90, np.uint8))
    cv2.imwrite(str(tmp_path / "thing.png"), np.full((20, 30, 4), 255, np.uint8))
    photos, things = read_pictures(tmp_path)
    assert [p.shape for p in photos] == [(50, 60)]
    assert [t.shape for t in things] == [(20, 30, 2)]


def test_a_folder_without_a_photograph_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="has no photograph"):
        read_pictures(tmp_path)


def test_nobody_is_both_taught_and_held_out(material):
    held, taught = held_out(material, True), held_out(material, False)
    assert not set(held.tiles.names) & set(taught.tiles.names)
    assert len(held.tiles) + len(taught.tiles) == len(material.tiles)
