"""Engine blocks of a campaign: one module per engine, with its model, presets and traits."""

from hebe.config.engines.base import (
    BUILT_IN,
    DEFAULT_ENGINE,
    EngineBlock,
    EngineSpec,
    Traits,
    engine_names,
    engines_of_a_file,
)

__all__ = ["BUILT_IN", "DEFAULT_ENGINE", "EngineBlock", "EngineSpec", "Traits", "engine_names", "engines_of_a_file"]
