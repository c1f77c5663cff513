"""Faces to calibrate with: balanced, seeded, in any light, from black to white."""

from dataclasses import replace

import numpy as np

from convert.representative import representative_faces


def test_representative_faces_are_balanced_and_seeded(labelled_faces):
    sample = representative_faces(labelled_faces, 35)
    assert len(sample) == 35
    assert set(sample.faces.counts().values()) == {5}
    again = representative_faces(labelled_faces, 35)
    np.testing.assert_array_equal(list(sample), list(again))
    assert sample.record() == again.record()
    assert (
        sample.record()["sha256"] != representative_faces(labelled_faces, 35, 2).record()["sha256"]
    )


def test_the_first_spans_black_to_white_however_flat_the_faces_are(labelled_faces):
    flat = replace(labelled_faces, images=labelled_faces.images // 4 + 90)
    first, *others = representative_faces(flat, 35)
    assert (first.min(), first.max()) == (0, 255)
    assert max(int(face.max()) for face in others[1::2]) < 255


def test_every_second_face_is_seen_in_another_light(labelled_faces):
    plain = list(representative_faces(labelled_faces, 35, lit=False))
    lit = list(representative_faces(labelled_faces, 35))
    changed = [not np.array_equal(a, b) for a, b in zip(plain, lit, strict=True)]
    assert changed[::2] == [False] * 18
    assert all(changed[1::2])


def test_faces_in_colour_are_lit_too(labelled_faces):
    color = replace(labelled_faces, images=np.repeat(labelled_faces.images[..., None], 3, axis=3))
    faces = list(representative_faces(color, 14))
    assert {face.shape for face in faces} == {(48, 48, 3)}
