"""The pool of generated images."""

import torch

from viceversa.stabilisers.image_pool import ImagePool


def numbered(i: int) -> torch.Tensor:
    return torch.full((1, 1, 2, 2), float(i))


def test_images_are_stored_and_returned_until_the_pool_is_full() -> None:
    pool = ImagePool(5)
    assert [pool(numbered(i))[0, 0, 0, 0].item() for i in range(5)] == [0, 1, 2, 3, 4]
    assert pool.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_full_pool_swaps_with_probability_one_half() -> None:
    torch.manual_seed(0)
    pool = ImagePool(10)
    for i in range(10):
        pool(numbered(i))
    swapped = 0
    for i in range(10, 2010):
        before = pool.images.clone()
        returned = pool(numbered(i))[0, 0, 0, 0].item()
        changed = (pool.images != before).any((1, 2, 3)).nonzero().flatten().tolist()
        if returned == i:
            assert changed == []  # the new image was returned and not stored
        else:
            swapped += 1
            assert len(changed) == 1
            assert before[changed[0], 0, 0, 0] == returned and pool.images[changed[0], 0, 0, 0] == i
    assert 930 < swapped < 1070  # 1000 +- 3 sigma


def test_every_stored_image_is_replaced_in_time() -> None:
    torch.manual_seed(1)
    pool = ImagePool(4)
    for i in range(200):
        pool(numbered(i))
    assert (pool.images[:, 0, 0, 0] > 100).all()


def test_size_zero_is_the_identity_and_output_is_detached() -> None:
    x = numbered(3).requires_grad_()
    assert torch.equal(ImagePool(0)(x), x)
    assert not ImagePool(0)(x).requires_grad and not ImagePool(2)(x).requires_grad


def test_state_dict_restores_the_pool() -> None:
    torch.manual_seed(2)
    pool, other = ImagePool(3), ImagePool(3)
    for i in range(7):
        pool(numbered(i))
    other.load_state_dict(pool.state_dict())
    torch.manual_seed(5)
    first = [pool(numbered(i)).sum().item() for i in range(20)]
    torch.manual_seed(5)
    assert [other(numbered(i)).sum().item() for i in range(20)] == first
