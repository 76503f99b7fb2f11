"""Networks: modules from tensors to tensors. They hold no optimiser and no loss, and read no file."""
