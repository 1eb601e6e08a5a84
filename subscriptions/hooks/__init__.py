"""Channels that are one HTTP request a message, each with its format."""

from subscriptions.enums import Channel
from subscriptions.hooks import discord, slack, teams, webhook
from subscriptions.hooks.outgoing import Answer, Format, HookMessage, Outgoing, Reply, Verdict

FORMATS: dict[Channel, Format] = {
    Channel.WEBHOOK: webhook.FORMAT,
    Channel.SLACK: slack.FORMAT,
    Channel.TEAMS: teams.FORMAT,
    Channel.DISCORD: discord.FORMAT,
}

__all__ = ["FORMATS", "Answer", "Format", "HookMessage", "Outgoing", "Reply", "Verdict"]
