"""Places on AWS that name the database for applications: a secret, a parameter, a DNS record.

Each can be updated again without harm. Blocking; run in threads.
"""

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.aws import dns_client, parameters_client, secrets_client
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.hooks.settings import ParameterUpdate, RecordUpdate, SecretUpdate

Update = SecretUpdate | ParameterUpdate | RecordUpdate


def apply_update(update: Update, side: str, aws: AwsSettings) -> None:
    """Make the place say that the database stands on ``side`` (supabase or aws). Raises Unavailable."""
    value = update.aws if side == "aws" else update.supabase
    try:
        match update:
            case SecretUpdate():
                _put_secret(update, value, aws)
            case ParameterUpdate():
                # Without a type, it keeps the one that it was made with.
                parameters_client(aws).put_parameter(Name=update.name, Value=value, Overwrite=True)
            case RecordUpdate():
                _put_record(update, value, aws)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"{title(update)} could not be updated: {error}") from error


def title(update: Update) -> str:
    """For people."""
    match update:
        case SecretUpdate(id=name):
            return f"secret {name}"
        case ParameterUpdate(name=name):
            return f"parameter {name}"
        case RecordUpdate(name=name):
            return f"record {name}"


def _put_secret(update: SecretUpdate, source: str, aws: AwsSettings) -> None:
    client = secrets_client(aws)
    wanted = client.get_secret_value(SecretId=source)
    # The secret that is read keeps its own earlier versions; whoever reads it sees one whole value or the other.
    if "SecretString" in wanted:
        client.put_secret_value(SecretId=update.id, SecretString=wanted["SecretString"])
    else:
        client.put_secret_value(SecretId=update.id, SecretBinary=wanted["SecretBinary"])


def _put_record(update: RecordUpdate, host: str, aws: AwsSettings) -> None:
    dns_client(aws).change_resource_record_sets(
        HostedZoneId=update.zone,
        ChangeBatch={
            "Comment": "cyphr migrate",
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": update.name,
                        "Type": "CNAME",
                        "TTL": update.ttl,
                        "ResourceRecords": [{"Value": host}],
                    },
                }
            ],
        },
    )
