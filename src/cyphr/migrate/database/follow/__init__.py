"""Follow: keep the receiving database up with what changes on the sending one, each change exactly once."""
