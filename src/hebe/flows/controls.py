"""The flow of low-entropy controls: computed like the candidates of their stage, from its first stage on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jobflow import Flow, Maker, OutputReference

from hebe.config.campaign import Campaign
from hebe.flows.members import plain_campaign
from hebe.flows.wired import Chosen, wire_stage
from hebe.makers.controls import ChooseControlsMaker, CompareControlsMaker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobflow import Job

    from hebe.flows.wiring import StageWiring
    from hebe.schemas.controls import ControlsDoc
    from hebe.schemas.spec import MemberSpec

PREFIX: Final = "controls/"
"""Of the labels of all jobs of controls: what the candidates share is found by its content, and not by its label."""

CHOSEN: Final = "border/s{number}/controls"
COMPARED: Final = f"{PREFIX}s{{number}}/compare"
"""Labels of the jobs that choose and compare."""


def choose_controls(
    campaign: Campaign, number: int, summaries: Mapping[str, Job], chosen: Chosen
) -> ChooseControlsMaker | None:
    """Maker of the controls of a stage, None where it has none.

    Parameters
    ----------
    campaign, number, chosen
        As of `hebe.flows.wired.wire_stage`.
    summaries
        Job that makes the document of each candidate of the stage, by its id.
    """
    stage = campaign.stages[number]
    if stage.controls is None:
        return None
    plain = plain_campaign(campaign)
    documents = {name: str(job.uuid) for name, job in summaries.items()}
    return ChooseControlsMaker(
        following=ControlFlowMaker(campaign=plain, stage=number, chosen=tuple(chosen), summaries=documents),
        campaign=campaign.name,
        stage=number,
        controls=stage.controls.model_dump(mode="json"),
        rank=campaign.rank.model_dump(mode="json"),
        analyses=list(stage.analyses),
        cell=campaign.structures.cations,
    )


@dataclass(kw_only=True)
class ControlFlowMaker(Maker):
    """Makes the flow that computes controls and compares them; its output is the `ControlsDoc`.

    Parameters
    ----------
    campaign
        The campaign as plain data, without what only chooses candidates.
    stage
        Number of their stage.
    chosen
        As in `hebe.flows.wired.wire_stage`.
    summaries
        Id of the job that makes the document of each candidate of the stage.
    """

    name: str = "controls"
    campaign: dict[str, Any] = field(default_factory=dict)
    stage: int = 0
    chosen: Chosen = ()
    summaries: dict[str, str] = field(default_factory=dict)

    def make(self, document: ControlsDoc, specs: list[MemberSpec]) -> Flow:
        """Flow of the controls.

        Parameters
        ----------
        document
            The controls of each candidate.
        specs
            Members of the host that they are, each once.
        """
        campaign = Campaign.model_validate(self.campaign)
        chosen = tuple((int(number), str(uuid)) for number, uuid in self.chosen)
        wiring = wire_stage(campaign, self.stage, specs, chosen, prefix=PREFIX)
        wiring.candidates(specs)
        of = dict.fromkeys(control.of for control in document.controls)
        candidates = [OutputReference(self.summaries[name]) for name in of]
        controls = [wiring.summaries[spec.candidate_id].output for spec in specs]
        maker = CompareControlsMaker(campaign=campaign.name, stage=self.stage)
        job = maker.make(document, candidates, controls)
        compare = wiring.add(job, COMPARED.format(number=self.stage).removeprefix(PREFIX), -len(specs))
        return Flow([*_all_jobs(wiring)], output=compare.output, name=f"{campaign.name} stage {self.stage} controls")


def _all_jobs(wiring: StageWiring) -> list[Job]:
    """Jobs of a stage and of those before it, each once: a stage asks those before again for what it starts from."""
    before: StageWiring | None = getattr(wiring, "before", None)
    jobs = [*([] if before is None else _all_jobs(before)), *wiring.jobs]
    return list({job.uuid: job for job in jobs}.values())
