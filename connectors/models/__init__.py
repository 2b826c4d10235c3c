"""Models that describe pictures and hear speech: an endpoint over HTTP, an ONNX file, a Whisper folder."""
