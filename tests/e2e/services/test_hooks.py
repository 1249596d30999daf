"""What names the database for applications follows it, there and back."""

import itertools

import pytest

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.aws import dns_client, parameters_client, secrets_client
from cyphr.foundation.postgres import Side
from cyphr.migrate.hooks.run import Hooks
from cyphr.migrate.hooks.settings import HandoverSettings, ParameterUpdate, RecordUpdate, SecretUpdate

_names = itertools.count(1)


async def test_a_secret_a_parameter_and_a_dns_record_follow_the_database_there_and_back(stand_in: AwsStandIn) -> None:
    aws, n = stand_in.settings, next(_names)
    secrets, parameters, dns = secrets_client(aws), parameters_client(aws), dns_client(aws)
    for name, value in ((f"app-{n}", "old"), (f"here-{n}", '{"host": "here"}'), (f"there-{n}", '{"host": "there"}')):
        secrets.create_secret(Name=name, SecretString=value)
    parameters.put_parameter(Name=f"/app/{n}/host", Value="here", Type="String")
    zone = dns.create_hosted_zone(Name=f"app{n}.internal.", CallerReference=str(n))["HostedZone"]["Id"]
    name = f"database.app{n}.internal"
    hooks = Hooks(
        HandoverSettings(
            secrets=[SecretUpdate(id=f"app-{n}", supabase=f"here-{n}", aws=f"there-{n}")],
            parameters=[ParameterUpdate(name=f"/app/{n}/host", supabase="here", aws="there")],
            records=[RecordUpdate(zone=zone, name=name, supabase="here.example.org", aws="there.example.org")],
        ),
        aws,
    )
    for side, word in ((Side.AWS, "there"), (Side.AWS, "there"), (Side.SUPABASE, "here")):
        assert await hooks.run("database", side, 2) == []
        assert secrets.get_secret_value(SecretId=f"app-{n}")["SecretString"] == f'{{"host": "{word}"}}'
        assert parameters.get_parameter(Name=f"/app/{n}/host")["Parameter"]["Value"] == word
        records = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        found = [one for one in records if one["Type"] == "CNAME"]
        assert [(one["Name"].rstrip("."), one["TTL"], one["ResourceRecords"][0]["Value"]) for one in found] == [
            (name, 5, f"{word}.example.org")
        ]


async def test_an_update_that_fails_is_reported_and_the_others_are_done_all_the_same(stand_in: AwsStandIn) -> None:
    aws, n = stand_in.settings, next(_names)
    parameters_client(aws).put_parameter(Name=f"/app/{n}/host", Value="here", Type="String")
    settings = HandoverSettings(
        secrets=[SecretUpdate(id=f"missing-{n}", supabase=f"missing-{n}", aws=f"missing-{n}")],
        parameters=[ParameterUpdate(name=f"/app/{n}/host", supabase="here", aws="there")],
    )
    (failure,) = await Hooks(settings, aws).run("database", Side.AWS, 2)
    assert failure.startswith(f"secret missing-{n} could not be updated")
    assert parameters_client(aws).get_parameter(Name=f"/app/{n}/host")["Parameter"]["Value"] == "there"


@pytest.mark.parametrize("service", ["files", "auth"])
async def test_places_that_name_the_database_stay_when_another_service_moves(
    service: str, stand_in: AwsStandIn
) -> None:
    settings = HandoverSettings(parameters=[ParameterUpdate(name="/none", supabase="here", aws="there")])
    assert await Hooks(settings, stand_in.settings).run(service, Side.AWS, 2) == []
