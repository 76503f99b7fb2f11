"""Losses as functions of tensors; an adversarial loss is a pair (d_loss, g_loss)."""
