import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray

def picked(
    bgr: NDArray[np.uint8],
    width: int,
    height: int,
    shift: int,
    factors: NDArray[np.int16],
    places: NDArray[np.int32],
    luma: VideoPlane | NDArray[np.uint8],
    luma_stride: int,
    u: VideoPlane | NDArray[np.uint8],
    u_stride: int,
    v: VideoPlane | NDArray[np.uint8],
    v_stride: int,
    /,
) -> None: ...
