"""Networks: `nn.Module` and nothing else; no optimiser, no loss, no file."""
