"""Where LaunchPads from before name `hebe.flows.stage.StageFlowMaker`."""

from hebe.flows.stage import StageFlowMaker

__all__ = ["StageFlowMaker"]
