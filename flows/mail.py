"""The block of a mail: an address of Apprise, kept encrypted. Prefect finds it by the entry point of this package."""

from prefect.blocks.notifications import AbstractAppriseNotificationBlock
from pydantic import Field, SecretStr


class Mail(AbstractAppriseNotificationBlock):
    """A mail to people."""

    _block_type_name = "EO mail"
    _block_type_slug = "eo-mail"
    _description = "A mail to people, sent by the server."

    url: SecretStr = Field(description="mailto(s)://user:password@host:port/to@example.org, as Apprise has it")
