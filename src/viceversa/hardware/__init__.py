"""What the machine offers: device, precision, memory, compiled and captured steps."""
