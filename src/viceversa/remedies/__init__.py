"""Parts that steady a GAN: the pool of past images, the averaged generator."""
