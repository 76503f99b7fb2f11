"""Parts that steady a GAN, each against an illness that `diagnosis` names."""
