"""What a config says, as frozen values, with the places that it names. `agent.config` reads them."""
