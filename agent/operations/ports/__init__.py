"""Every side effect this agent may have, as the operations see it. Adapters implement these."""
