"""Files of media: what they are, decoded within limits, and the store where what comes of them lies."""
