"""Runs what follows a handover: first the places that name the database, then the operator's command.

By then the other side is open, so nothing here can undo the handover: a failure is reported, and everything is done
again when the same handover is asked for once more. All of it must therefore be repeatable.
"""

import asyncio
from dataclasses import dataclass

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.hooks.command import run_command
from cyphr.migrate.hooks.settings import HandoverSettings
from cyphr.migrate.hooks.updates import Update, apply_update


@dataclass(frozen=True)
class Hooks:
    """What the settings name, and how to reach AWS for it."""

    settings: HandoverSettings
    aws: AwsSettings

    async def run(self, service: str, side: Side, epoch: int) -> list[str]:
        """Do all of it, for ``service`` that stands on ``side`` since ``epoch``; what failed, in words."""
        updates: list[Update] = []
        if service == "database":
            updates = [*self.settings.secrets, *self.settings.parameters, *self.settings.records]
        failures = []
        for update in updates:
            try:
                await asyncio.to_thread(apply_update, update, side, self.aws)
            except Unavailable as error:
                failures.append(error.message)
        if self.settings.on_handover:
            environment = {"CYPHR_SERVICE": service, "CYPHR_SIDE": side, "CYPHR_EPOCH": str(epoch)}
            try:
                await run_command(self.settings.on_handover, environment, self.settings.on_handover_seconds)
            except Unavailable as error:
                failures.append(error.message)
        return failures
