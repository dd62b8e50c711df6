"""The live files: walked, hashed, written down in the witness, held against the last one."""
