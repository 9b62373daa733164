"""Engine blocks of a campaign: one module per engine, with its model, presets and traits."""

from hebe.config.engines.base import BUILT_IN, DEFAULT_ENGINE, EngineBlock, EngineSpec, Traits, engine_names

__all__ = ["BUILT_IN", "DEFAULT_ENGINE", "EngineBlock", "EngineSpec", "Traits", "engine_names"]
