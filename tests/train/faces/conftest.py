"""A little material for scenes: the two portraits as tiles, a drawn background, a drawn thing."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.faces.crop import to_gray
from train.faces.tiles import TILE, Material, Tiles

EYES = {"astronaut": ((205, 105), (242, 103)), "grace_hopper": ((219, 196), (300, 193))}


@pytest.fixture(scope="session")
def material():
    pictures, boxes, eyes = [], [], []
    for name, (x, y, side, _) in FACES.items():
        low, ratio = (x - side // 3, y - side // 3), TILE / (side + 2 * (side // 3))
        gray = to_gray(portrait(name))
        part = gray[low[1] : low[1] + int(TILE / ratio), low[0] : low[0] + int(TILE / ratio)]
        pictures.append(cv2.resize(part, (TILE, TILE), interpolation=cv2.INTER_AREA))
        boxes.append([*((np.array([x, y]) - low) * ratio), side * ratio, side * ratio])
        eyes.append((np.array(EYES[name]) - low) * ratio)
    tiles = Tiles(
        np.stack(pictures), np.array(boxes, np.float32), np.array(eyes, np.float32), tuple(FACES)
    )
    rng = np.random.default_rng(1)
    background = cv2.GaussianBlur(rng.integers(0, 255, (240, 320), dtype=np.uint8), (0, 0), 3)
    thing = np.full((40, 30, 2), 255, np.uint8)
    return Material(tiles, (background,), (thing,))
