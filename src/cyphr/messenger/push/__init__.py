"""Push: telling people's devices what they did not receive."""
