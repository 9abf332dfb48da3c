"""From bytes to committed state: sources, gateway, projector, replay, simulator."""
