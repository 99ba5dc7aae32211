"""certify beside other tools: the same queries, each tool in its own environment."""
