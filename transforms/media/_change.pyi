import numpy as np
from numpy.typing import NDArray

def look(
    picture: NDArray[np.uint8],
    width: int,
    height: int,
    radius: int,
    hsv: NDArray[np.uint8],
    edges: NDArray[np.uint64],
    hsv_before: NDArray[np.uint8],
    edges_before: NDArray[np.uint64],
    /,
) -> tuple[int, int, int, int]: ...
