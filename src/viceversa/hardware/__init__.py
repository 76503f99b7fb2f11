"""Device, precision, memory, batch size, compilation and CUDA graphs on this machine."""
