import numpy as np
from numpy.typing import NDArray

def across(
    luma: NDArray[np.uint8], first: NDArray[np.int32], weights: NDArray[np.int16], scaled: NDArray[np.uint8], /
) -> None: ...
